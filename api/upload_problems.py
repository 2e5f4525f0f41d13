"""What goes wrong with uploads, in the words of `api.problems`, which has them in its table."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus


@dataclass(frozen=True, slots=True)
class Problem:
    """A kind of problem."""

    slug: str
    status: HTTPStatus
    titles: tuple[str, str]
    """In Chinese, in English."""
    details: tuple[str, str]


_ALL = (
    Problem(
        "offset",
        HTTPStatus.CONFLICT,
        ("续传位置不符", "Not the place to go on"),
        (
            "请先用 HEAD 询问 Upload-Offset，再从该处续传。",
            "Ask for Upload-Offset by HEAD and go on there; no more may come than was announced.",
        ),
    ),
    Problem(
        "tus-version",
        HTTPStatus.PRECONDITION_FAILED,
        ("协议版本不符", "Another version of the protocol"),
        ("请求须带 Tus-Resumable: 1.0.0。", "The request needs Tus-Resumable: 1.0.0."),
    ),
    Problem(
        "quota",
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        ("超出允许的大小", "Larger than is allowed"),
        (
            "单个文件过大，或本账号未传完的文件太多。",
            "The file is too large, or this account has begun too much that it did not finish.",
        ),
    ),
    Problem(
        "media-type",
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        ("内容类型不符", "Another content type"),
        ("续传须用 application/offset+octet-stream。", "Sending on needs application/offset+octet-stream."),
    ),
    Problem(
        "digest",
        HTTPStatus.UNPROCESSABLE_ENTITY,
        ("摘要不符", "Not the bytes that were announced"),
        (
            "收到的内容与所报摘要不同，已作废，请重新上传。",
            "What arrived is not what was announced; it was given up. Send the file anew.",
        ),
    ),
    Problem(
        "in-use",
        HTTPStatus.LOCKED,
        ("正在上传", "It is being sent"),
        ("另一连接正在上传此文件，请稍后再试。", "Another connection is sending this file; try again soon."),
    ),
    Problem(
        "no-room",
        HTTPStatus.INSUFFICIENT_STORAGE,
        ("暂存盘已满", "There is no room"),
        ("暂存盘空间不足，请稍后再试。", "The spool has no room for it now; try again later."),
    ),
)

UPLOADING = {problem.slug: problem for problem in _ALL}
