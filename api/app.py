"""The application: every router, every problem, every header, once."""

from __future__ import annotations

from functools import partial
from importlib.metadata import version
from pathlib import Path

from fastapi import FastAPI

from api import (
    changes,
    clips,
    docks,
    filings,
    ledger,
    matters,
    openapi,
    operations,
    oversight,
    parties,
    problems,
    session,
    status,
    uploads,
    viewings,
)
from api.access import asking, copying
from api.desk import Desk
from api.headers import Guarded
from api.heads import Headed
from api.observing import Observed
from api.pages import serve_pages, served
from api.people import administering, elsewhere, own
from api.rules import require_rules
from api.services import Services

_ABOUT = """
执法音像记录的查看与归入接口：一户档案、案件各环节、流转记录、带理由的查看、可验证的账本。

Showing and filing body-camera evidence: dossiers, the stages of a case, custody history, viewing with a reason, and the
ledger with its proofs. Every error is an RFC 9457 problem; `Accept-Language` chooses Chinese or English.
"""


def create_app(services: Services, *, pages: Path | None) -> FastAPI:
    """Make the application over *services*; with *pages*, it serves those too (see `api.pages.packaged`)."""
    app = routed()
    desk = app.state.desk = Desk.of(services)
    if pages is not None:
        serve_pages(app, pages)
    require_rules(app, served(pages))
    problems.register(app)
    app.add_middleware(Headed, routes=app)
    app.add_middleware(Guarded)
    app.add_middleware(Observed, metrics=desk.metrics)
    return app


def routed() -> FastAPI:
    """Make an application that has every route and answers none: what describes the API."""
    app = FastAPI(
        title="Yihu",
        version=version("yihu"),
        description=_ABOUT,
        # their pages load scripts from elsewhere; the description itself stays at /openapi.json
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=openapi.operation_id,
    )
    app.openapi = partial(openapi.describe, app)  # type: ignore[method-assign] # the way FastAPI documents
    for noun in (status, session, parties, matters, clips, filings, viewings, docks, uploads, changes):
        app.include_router(noun.router)
    for router in (session.links, elsewhere.router, own.router, administering.router, asking.router, copying.router):
        app.include_router(router)
    app.include_router(ledger.entries)
    app.include_router(ledger.log)
    app.include_router(operations.router)
    app.include_router(oversight.router)
    return app
