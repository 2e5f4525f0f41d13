"""The description of the API: what FastAPI knows of the routes, and what holds for all of them."""

from __future__ import annotations

import json
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute

from api.describing import Responses, problems, together
from api.models import Problem

TAGS = {
    "status": ("程序与版本", "What program answers; the one thing a stranger is told."),
    "session": ("登录与退出", "Signing in, signing out, and setting a password by a one-time link."),
    "account": ("本人账户", "One's own account: password, second factor, sessions."),
    "accounts": ("账户管理", "Who has an account, in which roles; for whoever administers them."),
    "parties": ("当事人与一户档案", "Parties, and everything that is kept about one."),
    "matters": ("事项与案件", "Matters and cases by their five stages."),
    "clips": ("音像记录", "What is known of clips, and who did what with them."),
    "filings": ("归入", "Which clips, or parts of clips, belong to which act of enforcement."),
    "viewings": ("带理由的查看", "Seeing footage, with a reason, on the record."),
    "requests": ("申请与批准、告警", "Footage by somebody else's approval, and alarms of who opened very much."),
    "copies": ("带走的副本", "Copies to take away, with the name of whoever asked in the picture."),
    "oversight": ("监督", "Refusals, sign-ins, and what administrators did; for the audit administrator."),
    "uploads": ("断点续传", "Footage and what third parties hand in (tus 1.0)."),
    "docks": ("采集站", "What happens at the bays of the dock, as it happens."),
    "changes": ("变化", "What is recorded, as it is recorded: a stream that goes on where it broke off."),
    "ledger": ("账本与证明", "Entries, tiles, checkpoints and proofs; pseudonyms and digests only."),
}
"""What each group of routes is for."""

_EVERYWHERE = ("slow", "length", "too-large", "address", "headers", "contradiction", "unexpected")
"""What may happen to any request, whatever its route."""


def operation_id(route: APIRoute) -> str:
    """Name an operation by its group and what it does; programs made from the description call it so."""
    group = str(route.tags[0]) if route.tags else "root"
    return f"{group}_{route.name}"


def describe(app: FastAPI) -> dict[str, Any]:
    """Return the OpenAPI document of *app*, made once."""
    if app.openapi_schema is None:
        app.openapi_schema = _described(app)
    return app.openapi_schema


def written(app: FastAPI) -> str:
    """Return the document as it is written to a file: the same text wherever it is made."""
    return json.dumps(describe(app), ensure_ascii=False, indent=1) + "\n"


def _described(app: FastAPI) -> dict[str, Any]:
    told = [{"name": name, "description": " · ".join(texts)} for name, texts in TAGS.items()]
    document = get_openapi(
        title=app.title,
        version=app.version,
        description=app.description,
        routes=app.routes,
        tags=told,
        separate_input_output_schemas=False,
    )
    document["components"]["schemas"]["Problem"] = Problem.model_json_schema()
    more: Responses = {str(status): answer for status, answer in problems(*_EVERYWHERE, everywhere=False).items()}
    for methods in document["paths"].values():
        for operation in methods.values():
            operation["responses"] = dict(sorted(together(operation["responses"], more).items()))
    return document
