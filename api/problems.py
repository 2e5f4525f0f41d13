"""
What goes wrong, said to a client: RFC 9457 problems, with titles in Chinese or English.

``type`` is one of the stable names below and ``error`` the class in `storage.errors`, if it was one. The text of an exception
is for the people who run the office, not for clients: it may name keys, files or hosts, so it goes to the log and never into an
answer.

======================  ======  ==========================================================
type                    status  when
======================  ======  ==========================================================
`/problems/…`
``signed-out``          401     no token, an unknown one, a revoked one, an expired session
``sign-in``             401     name, password or code is wrong; which of them is not said
``second-factor``       401     the password is right, and a one-time code is asked for
``refused``             403     signed in, but this role may not; recorded as ``REFUSED``
``bulk``                403     this office opens no further clips for somebody who opened very many
``cross-site``          403     a cookie without the header that only our own pages can send
``not-found``           404     no such thing, or no such page
``method``              405     the path exists, the method does not
``slow``                408     a small body that takes longer than 20 seconds
``life-cycle``          409     it may not follow what is already recorded
``stale``               409     somebody else was first
``kept``                409     the store keeps what somebody wanted gone
``busy``                409     a request with the same ``Idempotency-Key`` is under way
``done-already``        409     done under that key, but the answer is not shown twice (``entries`` says which)
``link-over``           410     a one-time link that was used, is over, or that nobody made
``offset``              409     an upload does not go on there
``length``              411     a body without ``Content-Length``
``precondition``        412     ``If-Match`` names other bytes
``tus-version``         412     an upload in another version of the protocol
``too-large``           413     a body beyond 64 KiB
``quota``               413     an upload larger than is allowed
``media-type``          415     bytes of an upload under another type
``address``             414     an address beyond 4 KiB
``range``               416     no byte of the object is in the range
``password``            422     refused as a password (``weakness`` says why)
``invalid``             422     the request is not as the OpenAPI description says
``key-reused``          422     the ``Idempotency-Key`` was used for another request
``headers``             431     header fields beyond 16 KiB
``too-many-streams``    429     one account follows too many event streams
``locked-out``          429     too many wrong attempts: wait (``Retry-After``)
``too-many``            429     too many viewings, copies or requests of one account: wait (``Retry-After``)
``digest``              422     what was sent is not what was announced
``in-use``              423     another connection is sending the same upload
``contradiction``       500     what was found is not what was promised: get a person
``unexpected``          500     a fault of this program
``unavailable``         503     database or store are away: try again (``Retry-After``)
``no-room``             507     the spool is full
======================  ======  ==========================================================
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from http import HTTPStatus

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from api.access.problems import ACCESS
from api.languages import Language, language
from api.request_problems import REQUESTS
from api.sign_in_problems import SIGN_IN
from api.upload_problems import UPLOADING, Problem
from storage import errors
from storage.passwords import WeakPassword

log = structlog.get_logger()

_RETRY_SECONDS = "5"


def _problem(slug: str, status: HTTPStatus, titles: tuple[str, str], details: tuple[str, str]) -> tuple[str, Problem]:
    return slug, Problem(slug, status, titles, details)


PROBLEMS = dict(
    [
        _problem(
            "signed-out",
            HTTPStatus.UNAUTHORIZED,
            ("尚未登录", "Not signed in"),
            (
                "请先登录；令牌可能无效、已吊销，或会话已过期。",
                "Sign in first; the token may be wrong or revoked, or the session over.",
            ),
        ),
        _problem(
            "refused",
            HTTPStatus.FORBIDDEN,
            ("无权进行此操作", "You may not do this"),
            ("您的角色不允许此操作；本次拒绝已记入流转记录。", "Your role does not allow this; the refusal has been recorded."),
        ),
        _problem(
            "cross-site",
            HTTPStatus.FORBIDDEN,
            ("请求来源不可信", "The request may come from another site"),
            (
                "用会话登录时，改动类请求须带请求头 X-Yihu: 1。",
                "With a session cookie, a request that changes something needs the header X-Yihu: 1.",
            ),
        ),
        _problem(
            "not-found",
            HTTPStatus.NOT_FOUND,
            ("没有找到", "Not found"),
            ("没有这一项，或其已过期。", "There is no such thing, or it is over."),
        ),
        _problem(
            "method",
            HTTPStatus.METHOD_NOT_ALLOWED,
            ("不支持此方法", "Method not allowed"),
            ("此地址不支持该请求方法。", "This address does not answer that method."),
        ),
        _problem(
            "life-cycle",
            HTTPStatus.CONFLICT,
            ("现在不能这样做", "Not in this state"),
            ("按已有的流转记录，此操作现在不能进行。", "What is already recorded does not allow this now."),
        ),
        _problem(
            "stale",
            HTTPStatus.CONFLICT,
            ("他人已先行操作", "Somebody else was first"),
            ("情况已变化，请刷新后再看。", "It has changed meanwhile; look again."),
        ),
        _problem(
            "kept",
            HTTPStatus.CONFLICT,
            ("存储按规定保留该对象", "The store keeps it"),
            ("保存期限或保全措施未满，不能改动。", "A retention period or a legal hold has not ended."),
        ),
        _problem(
            "length",
            HTTPStatus.LENGTH_REQUIRED,
            ("缺少长度", "Length required"),
            ("请求须带 Content-Length。", "The request needs a Content-Length."),
        ),
        _problem(
            "precondition",
            HTTPStatus.PRECONDITION_FAILED,
            ("前提不成立", "Precondition failed"),
            ("内容与 If-Match 所指不同。", "These are not the bytes that If-Match names."),
        ),
        _problem(
            "too-large",
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            ("请求过大", "Request too large"),
            ("请求正文超过 64 KiB。", "The body is larger than 64 KiB."),
        ),
        _problem(
            "range",
            HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE,
            ("范围超出内容", "Range not satisfiable"),
            ("所要的字节范围不在内容之内。", "No byte of the content is in that range."),
        ),
        _problem(
            "invalid",
            HTTPStatus.UNPROCESSABLE_ENTITY,
            ("请求内容有误", "The request is not valid"),
            ("请按 fields 中所列逐项改正。", "Correct what is listed in fields."),
        ),
        _problem(
            "contradiction",
            HTTPStatus.INTERNAL_SERVER_ERROR,
            ("内容与记录不符", "What was found is not what was promised"),
            ("请通知管理员核查；重试没有用。", "Tell an administrator; trying again will not help."),
        ),
        _problem(
            "unexpected",
            HTTPStatus.INTERNAL_SERVER_ERROR,
            ("程序出错", "A fault of this program"),
            ("请把 incident 编号告诉管理员。", "Tell an administrator the incident number."),
        ),
        _problem(
            "unavailable",
            HTTPStatus.SERVICE_UNAVAILABLE,
            ("暂时无法访问", "Away for now"),
            ("数据库或存储暂时无法访问，请稍后再试。", "A database or store is away for now; try again soon."),
        ),
        *(_problem(*each) for each in SIGN_IN),
    ],
    **UPLOADING,
    **ACCESS,
    **REQUESTS,
)

_BY_ERROR: tuple[tuple[type[errors.YihuError], str], ...] = (
    (errors.SpoolFull, "no-room"),
    (errors.InUse, "in-use"),
    (errors.NoQuota, "quota"),
    (errors.StorageUnavailable, "unavailable"),
    (errors.NotFound, "not-found"),
    (errors.LifeCycleError, "life-cycle"),
    (errors.Erased, "life-cycle"),
    (errors.StaleState, "stale"),
    (errors.Refused, "refused"),
    (errors.RetentionRefused, "kept"),
    (errors.StillNeeded, "kept"),
)

_BY_STATUS = {
    HTTPStatus.UNAUTHORIZED: "signed-out",
    HTTPStatus.NOT_FOUND: "not-found",
    HTTPStatus.METHOD_NOT_ALLOWED: "method",
    HTTPStatus.BAD_REQUEST: "invalid",
}


def slug_of(error: errors.YihuError) -> str:
    """Return the problem that a foreseen error is to a client."""
    return next((slug for kind, slug in _BY_ERROR if isinstance(error, kind)), "contradiction")


def answer(
    request: Request,
    slug: str,
    *,
    headers: Mapping[str, str] | None = None,
    **members: object,
) -> JSONResponse:
    """Write the problem in the language the client asks for."""
    problem, wanted = PROBLEMS[slug], language(request.headers.get("accept-language", ""))
    place = 0 if wanted is Language.CHINESE else 1
    body = {
        "type": f"/problems/{slug}",
        "title": problem.titles[place],
        "status": problem.status.value,
        "detail": problem.details[place],
        **members,
    }
    spoken = {"Content-Language": wanted.value, "Vary": "Accept-Language", "Cache-Control": "no-store"}
    return JSONResponse(body, problem.status, {**spoken, **(headers or {})}, "application/problem+json")


def register(app: FastAPI) -> None:
    """Make every error of *app* a problem."""
    app.add_exception_handler(errors.YihuError, _foreseen)
    app.add_exception_handler(HTTPException, _framework)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(WeakPassword, _weak)
    app.add_exception_handler(Exception, _unexpected)


def _foreseen(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, errors.YihuError)  # noqa: S101 - registered for that class alone
    slug = slug_of(error)
    if PROBLEMS[slug].status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        log.error("request failed", problem=slug, error=type(error).__name__, reason=str(error))
    headers = {"Retry-After": _RETRY_SECONDS} if slug in {"unavailable", "in-use", "no-room"} else {}
    return answer(request, slug, headers=headers, error=type(error).__name__)


def _framework(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for that class alone
    slug = error.detail if error.detail in PROBLEMS else _BY_STATUS.get(HTTPStatus(error.status_code), "unexpected")
    return answer(request, slug, headers=error.headers)


def _invalid(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for that class alone
    return answer(request, "invalid", fields=[_field(found) for found in error.errors()])


def _weak(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, WeakPassword)  # noqa: S101 - registered for that class alone
    return answer(request, "password", weakness=error.weakness.value)


def _field(found: Mapping[str, object]) -> dict[str, object]:
    # what was sent is not repeated: it may be personal, and it is known to whoever sent it
    place = found["loc"]
    assert isinstance(place, Sequence)  # noqa: S101 - pydantic's promise
    return {"at": [str(part) for part in place], "kind": found["type"], "message": found["msg"]}


def _unexpected(request: Request, error: Exception) -> JSONResponse:
    # the traceback is written by the server, to which this error is raised again; here only the two are tied together
    incident = secrets.token_hex(8)
    log.error("request broke", incident=incident, error=type(error).__name__)
    return answer(request, "unexpected", incident=incident)
