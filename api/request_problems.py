"""The problems of requests themselves: keys by which they are repeated, streams, sizes. `api.problems` lists all of them."""

from __future__ import annotations

from http import HTTPStatus

from api.upload_problems import Problem

REQUESTS = {
    problem.slug: problem
    for problem in (
        Problem(
            "busy",
            HTTPStatus.CONFLICT,
            ("同一请求正在处理", "The same request is under way"),
            (
                "带同一 Idempotency-Key 的请求尚未答复，请稍候再试。",
                "One with this Idempotency-Key is not answered yet; try again soon.",
            ),
        ),
        Problem(
            "done-already",
            HTTPStatus.CONFLICT,
            ("此请求已执行", "This was done already"),
            (
                "同一 Idempotency-Key 的请求已执行（见 entries），但其应答不再给出。",
                "The request with this Idempotency-Key was carried out (see entries); its answer is not given again.",
            ),
        ),
        Problem(
            "key-reused",
            HTTPStatus.UNPROCESSABLE_ENTITY,
            ("Idempotency-Key 已用于另一请求", "The Idempotency-Key was used for another request"),
            ("每个新请求须用新的键。", "Every new request needs a new key."),
        ),
        Problem(
            "too-many-streams",
            HTTPStatus.TOO_MANY_REQUESTS,
            ("事件流过多", "Too many event streams"),
            ("请关闭其他页面后再试。", "Close other pages, then try again."),
        ),
        Problem(
            "headers",
            HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
            ("请求头过大", "Header fields too large"),
            ("请求头超过 16 KiB。", "The header fields are larger than 16 KiB."),
        ),
        Problem(
            "slow",
            HTTPStatus.REQUEST_TIMEOUT,
            ("请求过慢", "Too slow"),
            ("请求正文须在 20 秒内到达。", "The body has to be here within 20 seconds."),
        ),
        Problem(
            "address",
            HTTPStatus.REQUEST_URI_TOO_LONG,
            ("地址过长", "Address too long"),
            ("地址超过 4 KiB。", "The address is longer than 4 KiB."),
        ),
    )
}
