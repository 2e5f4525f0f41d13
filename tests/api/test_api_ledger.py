"""The ledger over HTTP: a stranger with the public key can verify every byte that is served."""

from __future__ import annotations

import base64

import pytest
from fastapi.testclient import TestClient

from storage.evidence import Entry
from storage.ledger.tiles import TileName, bundles_for, decode_entries, tile_hash_reader, tiles_for
from storage.ledger.tree import root_at
from storage.verifier.checkpoint import Checkpoint, verify_checkpoint
from storage.verifier.keys import VerifierKey
from storage.verifier.merkle import leaf_hash, verify_consistency
from storage.verifier.tlogproof import parse_proof, verify_proof
from tests.api.small_office import CAMERA, DOCK, ORIGIN, SmallOffice


@pytest.fixture
def key(office: SmallOffice) -> VerifierKey:
    """What a stranger has."""
    return VerifierKey.parse(office.services.log.vkey)


def head(client: TestClient, key: VerifierKey) -> Checkpoint:
    return verify_checkpoint(client.get("/log/checkpoint").text, [key], origin=ORIGIN).checkpoint


def tile(client: TestClient, name: TileName) -> bytes:
    answer = client.get(f"/log/{name.path}")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/octet-stream")
    return answer.content


def test_the_tiles_lead_to_the_signed_root(office: SmallOffice, clerk: TestClient, key: VerifierKey) -> None:
    """More than one full tile, so that a second level is there."""
    office.services.custody.record_all([Entry("DOCKED", CAMERA, DOCK)] * 260)
    office.services.log.checkpoint()
    signed = head(clerk, key)
    tiles = {(name.level, name.index, name.width): tile(clerk, name) for name in tiles_for(signed.size)}

    read = tile_hash_reader(lambda level, index, width: tiles[level, index, width], signed.size)

    assert root_at(signed.size, read) == signed.root
    leaves = [leaf for name in bundles_for(signed.size) for leaf in decode_entries(tile(clerk, name))]
    assert b"".join(map(leaf_hash, leaves)) == b"".join(
        tiles[name.level, name.index, name.width] for name in tiles_for(signed.size) if not name.level
    )


def test_an_entry_and_its_proof_convince_a_stranger(office: SmallOffice, clerk: TestClient, key: VerifierKey) -> None:
    clip = office.clip(b"footage")
    for line in clerk.get(f"/api/clips/{clip}/history").json():
        proof, entry = clerk.get(line["proof"]), clerk.get(line["entry"])
        verify_proof(parse_proof(proof.text), entry.content, [key], origin=ORIGIN)
        assert parse_proof(proof.text).index == line["seq"]


def test_an_entry_that_was_just_recorded_is_proved_under_a_new_checkpoint(
    office: SmallOffice, clerk: TestClient, key: VerifierKey
) -> None:
    office.services.log.checkpoint()
    before = head(clerk, key).size
    office.clip(b"footage")

    proof = parse_proof(clerk.get(f"/api/entries/{before}/proof").text)

    assert verify_proof(proof, clerk.get(f"/api/entries/{before}").content, [key], origin=ORIGIN).checkpoint.size > before


def test_reading_proofs_again_signs_nothing_new(office: SmallOffice, clerk: TestClient) -> None:
    clerk.get("/api/entries/0/proof")
    signed = clerk.get("/log/checkpoint").text
    office.clip(b"footage")
    clerk.get("/api/entries/0/proof")

    assert clerk.get("/log/checkpoint").text == signed


def test_the_log_is_shown_to_have_only_grown(office: SmallOffice, clerk: TestClient, key: VerifierKey) -> None:
    office.services.log.checkpoint()
    old = head(clerk, key)
    office.clip(b"footage")
    office.services.log.checkpoint()
    new = head(clerk, key)

    found = clerk.get("/api/consistency", params={"old": old.size, "new": new.size}).json()

    path = [base64.b64decode(value) for value in found["path"]]
    verify_consistency(old_size=old.size, old_root=old.root, new_size=new.size, new_root=new.root, path=path)


@pytest.mark.parametrize(
    "path", ["0/001", "0/000.p/255", "1/000.p/1", "entries/001", "0/0", "0/000.p/0", "65/000", "x/000", ""]
)
def test_a_tile_that_is_not_there_or_not_so_called_is_not_found(office: SmallOffice, clerk: TestClient, path: str) -> None:
    office.services.log.checkpoint()

    assert clerk.get(f"/log/tile/{path}").status_code == 404


def test_an_entry_names_nobody(office: SmallOffice, clerk: TestClient, key: VerifierKey) -> None:
    """What the party, the case and the clip are called is in the vault; the leaves commit to it."""
    office.clip(b"footage", name="张三的店.mp4")
    office.services.log.checkpoint()
    bundles = b"".join(tile(clerk, name) for name in bundles_for(head(clerk, key).size))

    for word in ("示例张", "占道经营", "张三", "002X", "示执立"):
        assert word.encode() not in bundles
