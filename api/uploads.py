"""
``/api/uploads``: footage and what third parties hand in, over links that break (tus 1.0; `api.tus` says what of it).

A file has its name from the moment it is begun: that of the clip it will be. It belongs to the account that began it. Once its
last byte is durable and the digest is what the sender said, it is recorded and becomes a berth of the spool; there it waits for
whoever holds the spool (`storage.receiving`). The receipt can be had from then on.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from http import HTTPStatus
from typing import Annotated

from fastapi import Depends, Header, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from api import tus
from api.describing import ClipInPath, problems
from api.desk import AtDesk, Desk, desk_of
from api.landing import Arrival, land
from api.principal import Principal
from api.receipts import Receipt, receipt_of
from api.roles import Act
from api.rules import Ruled
from api.signin import allowed_here, refuse
from storage.errors import DigestMismatch, LifeCycleError, NotFound, StorageUnavailable
from storage.evidence import Kind, Subject
from storage.identity import fresh
from storage.intake import Intake
from storage.upload import Upload

router = Ruled(prefix="/api/uploads", tags=["uploads"])

MayUpload = Annotated[Principal, Depends(allowed_here(Act.UPLOAD))]


def _spoken(_caller: MayUpload, tus_resumable: Annotated[str, Header(max_length=20, examples=[tus.VERSION])] = "") -> None:
    # strangers are not even told which version is spoken
    if tus_resumable != tus.VERSION:
        raise HTTPException(HTTPStatus.PRECONDITION_FAILED, "tus-version", {"Tus-Version": tus.VERSION})


def _intake(desk: AtDesk, _caller: MayUpload) -> Intake:
    return _intake_of(desk)


def _intake_of(desk: Desk) -> Intake:
    intake = desk.services.intake
    if intake is None:
        message = "nothing is received here"
        raise StorageUnavailable(message)
    return intake


async def _arrived(request: Request) -> AsyncIterator[Arrival]:
    # async, and before every other rule: in the order in which requests came
    with desk_of(request.app).senders.arrived(request.path_params["clip"], sends=request.method == "PATCH") as arrival:
        yield arrival


AtIntake = Annotated[Intake, Depends(_intake)]
Arrived = Annotated[Arrival, Depends(_arrived)]
_SPOKEN = [Depends(_spoken)]
_IN_TURN = [Depends(_arrived), Depends(_spoken)]
_FAILS = problems("cross-site", "not-found", "tus-version", "in-use")


@router.options("", include_in_schema=False)
@router.options("/{clip}", include_in_schema=False)
def abilities(intake: AtIntake, _caller: MayUpload) -> Response:
    """Say what of the protocol is spoken."""
    size = str(intake.receiving.allowance.largest)
    headers = {"Tus-Version": tus.VERSION, "Tus-Extension": tus.EXTENSIONS, "Tus-Max-Size": size}
    return Response(status_code=HTTPStatus.NO_CONTENT, headers=headers)


@router.post(
    "",
    status_code=201,
    summary="开始上传 · Begin an upload",
    response_class=Response,
    responses={**problems("cross-site", "tus-version", "quota", "no-room"), 201: {"description": "已建立 · begun"}},
    dependencies=_SPOKEN,
)
def begin(
    intake: AtIntake,
    caller: MayUpload,
    upload_length: Annotated[str, Header(max_length=20, examples=["73400320"])],
    upload_metadata: Annotated[str, Header(max_length=tus.LONGEST_METADATA, examples=["filename MS5tcDQ="])] = "",
) -> Response:
    """Announce a file: ``filename``, ``what`` (third-party, footage), ``from``, ``reason``; maybe ``sha256``, ``blake3``."""
    try:
        said = tus.announced(fresh(Kind.CLIP), caller.actor, length=upload_length, header=upload_metadata)
    except ValueError as error:
        found = {"type": "upload", "loc": ("header", "upload-metadata"), "msg": str(error)}
        raise RequestValidationError([found]) from error
    upload = intake.receiving.begin(said)
    headers = {"Location": f"/api/uploads/{upload.clip}", **_where(intake, upload)}
    return Response(status_code=HTTPStatus.CREATED, headers=headers)


@router.head(
    "/{clip}",
    summary="已到达多少 · How much is here",
    response_class=Response,
    responses={**_FAILS, 200: {"description": "见 Upload-Offset · see Upload-Offset"}},
    dependencies=_IN_TURN,
)
async def how_far(
    request: Request, desk: AtDesk, intake: AtIntake, clip: ClipInPath, caller: MayUpload, arrival: Arrived
) -> Response:
    """Say how many bytes are durable; a sender that is still there is ended first."""
    upload = await run_in_threadpool(_mine, request, desk, clip, caller)
    if upload is None:
        size = str((await run_in_threadpool(desk.services.catalog.clip, clip)).size)
        return Response(headers={"Upload-Offset": size, "Upload-Length": size})
    await desk.senders.end(clip, arrival)
    headers = await run_in_threadpool(_where, intake, upload)
    return Response(headers={**headers, "Upload-Metadata": upload.announced.metadata})


@router.patch(
    "/{clip}",
    status_code=204,
    summary="续传 · Send on",
    response_class=Response,
    responses={**_FAILS, **problems("offset", "media-type", "digest", "no-room")},
    dependencies=_IN_TURN,
)
async def send_on(
    request: Request,
    desk: AtDesk,
    intake: AtIntake,
    clip: ClipInPath,
    caller: MayUpload,
    arrival: Arrived,
    upload_offset: Annotated[str, Header(max_length=20, examples=["0"])],
    content_type: Annotated[str, Header(max_length=100)] = "",
) -> Response:
    """Append the body, which begins at Upload-Offset; with the last byte the file is recorded, and the answer means that."""
    if content_type.strip().lower() != tus.OCTETS:
        raise HTTPException(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "media-type")
    upload = await run_in_threadpool(_mine, request, desk, clip, caller)
    offset = _offset(upload_offset)
    if upload is None or offset + int(request.headers.get("content-length", "0")) > upload.announced.size:
        raise HTTPException(HTTPStatus.CONFLICT, "offset")
    async with desk.senders.turn(clip, arrival) as stop:
        if not await land(request, upload, stop, offset=offset):
            raise HTTPException(HTTPStatus.CONFLICT, "offset")
        return await run_in_threadpool(_landed, intake, upload)


@router.delete(
    "/{clip}",
    status_code=204,
    summary="放弃上传 · Give an upload up",
    response_class=Response,
    responses={**_FAILS, **problems("life-cycle")},
    dependencies=_IN_TURN,
)
async def give_up(request: Request, desk: AtDesk, clip: ClipInPath, caller: MayUpload, arrival: Arrived) -> Response:
    """Remove what came of a file that is not whole; what is whole is evidence and stays."""
    upload = await run_in_threadpool(_mine, request, desk, clip, caller)
    await desk.senders.end(clip, arrival)
    await run_in_threadpool(_removed, clip, upload)
    return Response(status_code=HTTPStatus.NO_CONTENT)


@router.get("/{clip}/receipt", summary="回执 · Receipt", responses=problems("not-found", "life-cycle"))
def receipt(request: Request, desk: AtDesk, clip: ClipInPath, caller: MayUpload) -> Receipt:
    """Return what the sender can keep: digests, the entry, and the proof that it is in the ledger."""
    if _mine(request, desk, clip, caller) is not None:
        message = f"{clip}: not all of it is here, or it is not recorded yet"
        raise LifeCycleError(message)
    return receipt_of(desk.services, desk.services.catalog.clip(clip))


def _mine(request: Request, desk: Desk, clip: Subject, caller: Principal) -> Upload | None:
    """Return the upload of that name, None where it is a clip by now; who is not its sender is refused, on the record."""
    intake = _intake_of(desk)
    try:
        upload = intake.receiving.find(clip)
    except NotFound:
        if not intake.was_sent(clip):
            raise
        if not intake.is_ours(clip, caller.account.subject):
            refuse(request, desk, caller, Act.UPLOAD)
        return None
    if upload.announced.account != caller.account.subject:
        refuse(request, desk, caller, Act.UPLOAD)
    return upload


def _where(intake: Intake, upload: Upload) -> dict[str, str]:
    expires: datetime = intake.receiving.expires_at(upload)
    offset, size = upload.offset, upload.announced.size
    told = {"Upload-Offset": str(offset), "Upload-Length": str(size)}
    return told if offset == size else {**told, "Upload-Expires": tus.expires(expires)}


def _offset(text: str) -> int:
    try:
        return tus.number(text, "Upload-Offset")
    except ValueError as error:
        found = {"type": "upload", "loc": ("header", "upload-offset"), "msg": str(error)}
        raise RequestValidationError([found]) from error


def _landed(intake: Intake, upload: Upload) -> Response:
    headers = _where(intake, upload)
    if upload.is_whole:
        try:
            intake.complete(upload)
        except DigestMismatch as error:
            raise HTTPException(HTTPStatus.UNPROCESSABLE_ENTITY, "digest") from error
    return Response(status_code=HTTPStatus.NO_CONTENT, headers=headers)


def _removed(clip: Subject, upload: Upload | None) -> None:
    if upload is None or upload.is_whole:
        message = f"{clip}: all of it is here"
        raise LifeCycleError(message)
    with upload.alone():
        upload.remove()
