"""The application: its routers and their shared state."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from importlib.metadata import version
from typing import Final

from fastapi import APIRouter, FastAPI
from fastapi.telemetry import TelemetryConfig

from app.accounts.routes import router as accounts
from app.alerts.routes import router as alerts
from app.asks.routes import router as asks
from app.asks.service import links
from app.asks.service.sending import ask_all
from app.auth.provider import Provider
from app.auth.queries import Authenticator
from app.auth.uses import store_last, storing_uses
from app.bundles.routes import console as everything
from app.bundles.routes import router as bundles
from app.callers.routes import router as callers
from app.clients.routes import router as clients
from app.clinics.routes import router as clinics
from app.core.db.database import THREADS, Database
from app.core.http import guesses, health, middleware, openapi
from app.core.http.outgoing import Outgoing
from app.core.http.rates import Rates
from app.core.http.threads import RequestThreads
from app.deliveries.courier import Courier
from app.devices.routes import router as devices
from app.emergencies.routes import router as emergencies
from app.episodes.routes import router as episodes
from app.followups.routes import router as follow_ups
from app.instruments.routes import router as instruments
from app.kinds import fill_registry
from app.languages.queries import DOMAIN, read_all
from app.ledger.accountant import Accountant
from app.ledger.keeper import Keeper
from app.ledger.routes import audit, changes, disclosures
from app.measurements.routes import router as measurements
from app.muscles.routes import router as muscles
from app.notes.routes import router as notes
from app.outcomes.routes import router as outcomes
from app.patients.routes import router as patients
from app.practitioners.routes import router as practitioners
from app.practitioners.service import end_departed
from app.progress.routes import router as progress
from app.recall.routes import router as needle_lots
from app.records.reports import compare_with
from app.safety.routes import adverse_events, consents, screenings
from app.sessions.routes import router as sessions
from app.settings import settings
from app.signing.routes import router as signing
from app.state.failures import find_differing, report_differing
from app.state.walk import walk
from app.summaries.routes import router as chart_summaries
from app.terms.routes import router as terms
from app.terms.routes import words
from app.thresholds.routes import router as thresholds
from app.tokens.routes import router as tokens
from app.transfer.exports.routes import router as exports
from app.transfer.routes import router as imports
from app.vocabularies.routes import router as vocabularies
from app.web.console import joining, own_account, pages
from app.web.console.alert_pages import router as alert_pages
from app.web.console.browsers import router as browsers
from app.web.console.consenting import router as consenting
from app.web.console.details import router as details
from app.web.console.exports_page import router as exports_page
from app.web.console.follow_up_pages import router as follow_up_pages
from app.web.console.leaving import router as leaving
from app.web.console.lots_page import router as lots_page
from app.web.console.machines import router as machines
from app.web.console.oidc import router as oidc
from app.web.console.people import router as people
from app.web.console.phone_pages import router as phone_pages
from app.web.console.problem_pages import page_about
from app.web.console.routes import router as console
from app.web.console.session_pages import router as session_pages
from app.web.console.settings_page import router as settings_page
from app.web.console.signing_in import router as signing_in
from app.web.console.writing import acts, courses, drafts, releases, safety, visits
from app.web.console.writing import people as patient_forms
from app.web.console.writing import practitioners as practitioner_forms
from app.web.console.writing import screenings as screening_forms
from app.web.patient import apps, problem_pages
from app.web.patient import routes as patient
from app.web.routes import router as web

ROUTERS: Final[tuple[APIRouter, ...]] = (
    sessions,
    signing,
    notes,
    follow_ups,
    asks,
    alerts,
    progress,
    outcomes,
    chart_summaries,
    bundles,
    clinics,
    patients,
    practitioners,
    episodes,
    measurements,
    consents,
    screenings,
    adverse_events,
    muscles,
    instruments,
    thresholds,
    vocabularies,
    words,
    terms,
    changes,
    audit,
    disclosures,
    imports,
    exports,
    needle_lots,
    accounts,
    clients,
    devices,
    emergencies,
    callers,
)


CONSOLE: Final[tuple[APIRouter, ...]] = (
    console,
    alert_pages,
    follow_up_pages,
    phone_pages,
    session_pages,
    details,
    consenting,
    settings_page,
    patient_forms.router,
    courses.router,
    visits.router,
    drafts.router,
    acts.router,
    safety.router,
    releases.router,
    practitioner_forms.router,
    exports_page,
    lots_page,
    screening_forms.router,
    people,
    leaving,
    machines,
    own_account.reading,
    own_account.router,
    everything,
    joining.router,
    browsers,
    signing_in,
    oidc,
)
"""The console's pages and forms."""
LINKS: Final[tuple[APIRouter, ...]] = (apps.router, patient.router)
"""The page of a patient's link. That for apps comes first: any token fits the other's path."""
DESCRIPTION: Final = """\
The token decides the clinic: send it as `Authorization: Bearer <token>`. A record has a `version`;
to change it, send that version in `If-Match`. A create with an `Idempotency-Key`, or with an `id`
of your own, can be repeated safely. Times need an offset from UTC. Every error is a problem
(RFC 9457), and `errors` names each member that is wrong."""
TAGS: Final = {
    "sessions": "Visits: needlings, findings and measurements, from draft to signed record.",
    "follow-ups": "What patients report after a session.",
    "asks": "Whom the server asks how they are after a visit, when, and what became of it.",
    "alerts": "What a person must look at now: red flags, serious events, damaged records.",
    "progress": "How a patient does over time, and how all patients of a clinic do.",
    "chart summaries": "A patient's chart as a PDF, for people outside the clinic.",
    "me": "Whose token this is, and what it may do.",
    "clinic": "The clinic that a token belongs to, and its settings.",
    "patients": "The people who are treated.",
    "practitioners": "The people who treat, and their credentials.",
    "episodes": "Episodes of care: one complaint, from the first visit to the last.",
    "measurements": "Values that were measured between sessions.",
    "safety": "Consents, screenings and adverse events.",
    "reference": "Muscles, instruments with their thresholds, and vocabularies.",
    "changes": "Every change in the clinic, in order, for programs that follow it.",
    "audit": "The ledger: who changed or read what, with proofs.",
    "imports": "Records from other systems, as files.",
    "exports": "All records as tables, also de-identified for research.",
    "recall": "Who was treated with needles of a lot.",
    "accounts": "People who sign in: invitations, roles and sign-ins.",
    "clients": "Programs that call this API, and their keys.",
    "devices": "Practitioners' tablets, which hold tokens of their own.",
    "emergency access": "Access beyond a practitioner's scopes, which somebody reviews afterwards.",
    "tokens": "Access tokens (OAuth 2.0).",
}
"""The groups of operations in the API's document, in its order, and what each is about."""


UNKNOWN_LINKS_PER_MINUTE: Final = 30
"""How many links that nobody knows an address may open in a minute."""

# Telemetry would send paths and queries, which contain ids, to OpenTelemetry's configured target.
NO_TELEMETRY: Final[TelemetryConfig] = {
    "tracing": False,
    "metrics": False,
    "logs": False,
    "auto_configure": False,
}


def create_app(database: Database | None = None) -> FastAPI:
    """Return the application on a database; by default, on that of the settings."""
    fill_registry()
    compare_with(report_differing)
    read_all([DOMAIN])
    owns_database = database is None
    database = database or Database(settings().database_url)

    outgoing = Outgoing()
    provider = Provider(outgoing)
    authenticate = Authenticator(database, provider)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        asyncio.get_running_loop().set_default_executor(RequestThreads(THREADS))
        store_uses = storing_uses(authenticate)
        keeper = Keeper(database, store_uses, end_departed, walk, links.forget)
        courier, asker = Courier(database), Courier(database, ask_all, "asker")
        keeper.start()
        courier.start()
        asker.start()
        yield
        asker.close()
        courier.close()
        keeper.close()
        await asyncio.to_thread(store_last, store_uses, database)
        accountant.close()
        if owns_database:
            database.close()

    app = FastAPI(
        title="Needlework",
        version=version("needlework"),
        summary="The record system for Gunn IMS and dry needling.",
        description=DESCRIPTION,
        contact={"name": "The Needlework project"},
        license_info={"name": "Apache License 2.0", "identifier": "Apache-2.0"},
        openapi_tags=[{"name": name, "description": text} for name, text in TAGS.items()],
        servers=[{"url": settings().public_url or "/"}],
        lifespan=lifespan,
        redirect_slashes=False,
        openapi_url=None,  # `app.web` serves it
        docs_url=None,
        redoc_url=None,
        telemetry=NO_TELEMETRY,
    )
    app.state.database = database
    app.state.outgoing, app.state.provider = outgoing, provider
    app.state.authenticate = authenticate
    _set_rates(app)
    app.state.account = accountant = Accountant(database)
    app.state.find_differing = partial(find_differing, database)
    # Not `include_router`: it keeps each router as one route, and matches each request twice.
    for router in (*ROUTERS, *CONSOLE, *LINKS, tokens, health.router, web):
        app.router.routes.extend(router.routes)
    middleware.install(app, {pages.HOME: page_about, patient.ROOT: problem_pages.page_about})
    app.openapi = lambda: openapi.document(app)  # type: ignore[method-assign]
    return app


def _set_rates(app: FastAPI) -> None:
    """Set how often a caller, an address, an account or a stranger's link may try."""
    app.state.rates = Rates(settings().requests_per_minute)
    app.state.token_rates = Rates(settings().token_requests_per_minute, "address")
    app.state.password_rates = Rates(guesses.FAILURES, "password", guesses.MINUTES)
    app.state.account_rates = Rates(guesses.ACCOUNT_FAILURES, "account", guesses.MINUTES)
    app.state.link_rates = Rates(UNKNOWN_LINKS_PER_MINUTE, "link")
