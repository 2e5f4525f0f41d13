"""What goes wrong with access, in the words of `api.problems`, which has them in its table."""

from __future__ import annotations

from http import HTTPStatus

from api.upload_problems import Problem

_ALL = (
    Problem(
        "too-many",
        HTTPStatus.TOO_MANY_REQUESTS,
        ("操作过于频繁", "Too many in a short time"),
        (
            "请稍候再试；未完成的申请或副本过多时，请先办结。",
            "Wait a moment; or there are too many open requests or copies of yours.",
        ),
    ),
    Problem(
        "bulk",
        HTTPStatus.FORBIDDEN,
        ("短时间内查看的音像过多", "Too many clips in a short time"),
        (
            "本机关规定此时不再开放更多音像；已告知监督人员，稍后可再查看。",
            "This office opens no further clips for you for now; those who supervise have been told.",
        ),
    ),
)

ACCESS = {problem.slug: problem for problem in _ALL}
"""By their names."""
