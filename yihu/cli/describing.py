"""``yihu api``: the description of the HTTP API."""

from __future__ import annotations

import typer

from yihu.language import either

api = typer.Typer(no_args_is_help=True, help=either("HTTP 接口", "The HTTP API."))


@api.command(help=either("输出 OpenAPI 说明（JSON）", "Print the OpenAPI document (JSON)."))
def describe() -> None:
    """Print the description that `/openapi.json` gives; no office is needed."""
    from api.app import routed
    from api.openapi import written

    print(written(routed()), end="")
