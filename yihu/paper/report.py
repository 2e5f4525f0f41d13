"""The audit as a document: the numbered steps, what each found, and the verdict, on A4 for a file or a court."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from yihu.paper.printing import set_page

__all__ = ["report_pdf"]

_MOST_FINDINGS = 200
"""Of one step; the rest is counted. Whoever needs all of them has the JSON."""

_BREAKABLE = re.compile(r"/|[^\s/]{40}")
"""Where a line may end that has no blank: after a slash, and else only in what is longer than any name of ours."""


def report_pdf(report: Mapping[str, Any]) -> bytes:
    """Return the PDF of what `yihu verify --json` says; the same report gives the same bytes."""
    steps = [
        {
            **step,
            "findings": [_plain(finding) for finding in step["findings"][:_MOST_FINDINGS]],
            "more": max(0, len(step["findings"]) - _MOST_FINDINGS),
        }
        for step in report["steps"]
    ]
    root = str(report["root"])
    values = {
        **report,
        "steps": steps,
        "program": _plain(str(report["program"])),
        "root": [root[place : place + 8] for place in range(0, len(root), 8)],
    }
    return set_page("report.typ", values, at=datetime.fromisoformat(str(report["at"])))


def _plain(text: str) -> str:
    """A finding may quote what an attacker wrote; nothing of it may move the text around or run out of the page."""
    printable = "".join(one if one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in text)
    return _BREAKABLE.sub("\\g<0>\N{ZERO WIDTH SPACE}", printable)
