"""
``/log`` and ``/api/entries``: the read side of the ledger, for everybody who is signed in.

Leaves hold pseudonyms, digests and commitments, so nothing here names anybody. Under ``/log`` the paths are those of C2SP
tlog-tiles, so a mirror or a monitor that speaks it can follow the log with a token.
"""

from __future__ import annotations

import base64
import hashlib
from typing import Annotated

from fastapi import Depends, Path, Query
from starlette.responses import Response

from api import lines
from api.describing import Responses, problems, raw
from api.desk import AtDesk
from api.etags import Tagged
from api.listed import EntryLine
from api.models import LEDGER_NUMBERS, Consistency
from api.paging import LISTED, AtPage
from api.queries import entries_recorded, leaves_between
from api.roles import Act
from api.rules import Ruled
from api.services import Services
from api.signin import allowed
from storage.errors import NotFound
from storage.ledger.tiles import ENTRIES, TILE_WIDTH, TileName, encode_entries, width_at
from storage.verifier.errors import VerificationError

_RULE = [Depends(allowed(Act.PROVE))]
log = Ruled(prefix="/log", route_class=Tagged, tags=["ledger"], dependencies=_RULE)
entries = Ruled(prefix="/api", route_class=Tagged, tags=["ledger"], dependencies=_RULE)

Seq = Annotated[int, Path(ge=0, le=LEDGER_NUMBERS, description="流转记录编号 · number of an entry", examples=[7])]
Size = Annotated[int, Query(gt=0, le=LEDGER_NUMBERS, description="流转记录条数 · number of entries", examples=[7])]
Tile = Annotated[str, Path(description="C2SP tlog-tiles: L/N[.p/W] or entries/N[.p/W]", examples=["entries/000.p/7"])]

_TEXT = "text/plain; charset=utf-8"
_OCTETS = "application/octet-stream"
_CHECKPOINT: Responses = {
    200: raw(
        "签名检查点 · signed checkpoint", "text/plain", "office.example/log\n7\n(root)\n\n— office.example/log (signature)\n"
    )
}
_TILE: Responses = {200: raw("哈希或条目 · hashes or entries", _OCTETS, "(bytes)")}
_LEAF: Responses = {
    200: {
        "description": "条目的原始字节 · the exact bytes of an entry",
        "content": {"application/json": {"schema": {"type": "object"}, "example": {"act": {}, "alg": "jcs/1"}}},
    }
}
_PROOF: Responses = {
    200: raw("可带走的证明 · a proof to carry away", "text/plain", "c2sp.org/tlog-proof@v1\nindex 7\n(hashes)\n\n(checkpoint)")
}


@log.get(
    "/checkpoint", summary="检查点 · Checkpoint", response_class=Response, responses={**problems("not-found"), **_CHECKPOINT}
)
def checkpoint(desk: AtDesk) -> Response:
    """Return the newest signed checkpoint."""
    return Response(_latest(desk.services), media_type=_TEXT)


@log.get(
    "/tile/{tile:path}", summary="哈希与条目分块 · Tiles", response_class=Response, responses={**problems("not-found"), **_TILE}
)
def tile(desk: AtDesk, tile: Tile) -> Response:
    """Return a hash tile or an entry bundle, full or partial, as far as the newest checkpoint goes."""
    services, name = desk.services, _tile_name(tile)
    if name.width > width_at(name.level, name.index, _covered(services)):
        message = f"{name.path}: beyond the newest checkpoint"
        raise NotFound(message)
    if name.level != ENTRIES:
        return Response(services.log.tile(name.level, name.index, name.width), media_type=_OCTETS)
    first = name.index * TILE_WIDTH
    bundle = encode_entries(leaves_between(services.engine, first, first + name.width))
    return Response(bundle, media_type=_OCTETS)


@entries.get("/entries", summary="流转记录 · Entries", responses={**problems(), **LISTED})
def every_entry(desk: AtDesk, page: AtPage) -> list[EntryLine]:
    """Return the entries of the ledger, the oldest first, with where the proof of each is; pseudonyms only."""
    found = desk.services.catalog.entries(page.slice())
    page.lead_on(found.last)
    return lines.entries(found.items)


@entries.get(
    "/entries/{seq}",
    summary="一条流转记录的原文 · An entry",
    response_class=Response,
    responses={**problems("not-found"), **_LEAF},
)
def entry(desk: AtDesk, seq: Seq) -> Response:
    """Return the exact bytes of one leaf, which hash to what its proof proves."""
    _must_be_recorded(desk.services, seq)
    leaf = desk.services.log.leaf(seq)
    return Response(leaf, media_type="application/json", headers={"ETag": f'"{hashlib.sha256(leaf).hexdigest()}"'})


@entries.get(
    "/entries/{seq}/proof", summary="证明 · A proof", response_class=Response, responses={**problems("not-found"), **_PROOF}
)
def proof(desk: AtDesk, seq: Seq) -> Response:
    """Return a tlog-proof@v1 of one entry; where the newest checkpoint does not cover it yet, a new one is signed."""
    services = desk.services
    _must_be_recorded(services, seq)
    if services.log.latest() is None or seq >= _covered(services):
        services.log.checkpoint()
    saved_as = {"Content-Disposition": f'attachment; filename="entry-{seq}.tlog-proof"'}
    return Response(services.log.proof(seq), media_type=_TEXT, headers=saved_as)


@entries.get("/consistency", summary="一致性证明 · Consistency", responses=problems("not-found"))
def consistency(desk: AtDesk, old: Size, new: Size) -> Consistency:
    """Return the proof that the log only grew between two sizes."""
    if not old <= new <= entries_recorded(desk.services.engine):
        message = f"consistency from {old} to {new}: there are no such sizes"
        raise NotFound(message)
    path = desk.services.log.consistency(old, new)
    return Consistency(old=old, new=new, path=[base64.b64encode(value).decode() for value in path])


def _latest(services: Services) -> str:
    note = services.log.newest()
    if note is None:
        message = f"{services.log_origin}: no checkpoint was signed yet"
        raise NotFound(message)
    return note


def _covered(services: Services) -> int:
    return services.log.keys.opened(_latest(services)).size


def _must_be_recorded(services: Services, seq: int) -> None:
    if seq >= entries_recorded(services.engine):
        message = f"entry {seq}: there is no such entry"
        raise NotFound(message)


def _tile_name(text: str) -> TileName:
    try:
        return TileName.parse(f"tile/{text}")
    except VerificationError as error:
        raise NotFound(str(error)) from error
