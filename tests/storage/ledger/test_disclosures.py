"""Disclosures: what somebody was told of an entry, and that the entry committed to just that."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.ledger.leaf import canonical, commitment
from storage.verifier import VerificationError
from storage.verifier.disclosure import DisclosedField, Disclosure, parse_disclosure, verify_disclosure
from storage.verifier.leaves import LeafRecord, read_leaf
from storage.verifier.program import main
from storage.verifier.strict import Json

from .conftest import ORIGIN, SmallLog, one_bit_off, signer
from .test_strict_json import values

SEQ = 3
PERSONAL: dict[str, Json] = {"badge": "3210", "name": "王小明", "place": None}


def salt_of(field: str) -> bytes:
    return field.encode().ljust(32, b".")


def told(personal: dict[str, Json], *fields: str, seq: int = SEQ) -> Disclosure:
    """What is disclosed of *personal*: the named fields, or all."""
    chosen = fields or tuple(sorted(personal))
    return Disclosure(ORIGIN, seq, tuple(DisclosedField(name, salt_of(name), personal[name]) for name in chosen))


def log_with(personal: dict[str, Json]) -> SmallLog:
    """A log whose entry number 3 commits to *personal*."""
    log = SmallLog()
    for seq in range(6):
        promised = [
            (name, commitment(salt_of(name), log=ORIGIN, seq=seq, field=name, value=personal[name]))
            for name in sorted(personal)
        ]
        log.add(commitments=tuple(promised))
    return log


def leaf_with(personal: dict[str, Json], *, seq: int = SEQ) -> LeafRecord:
    return read_leaf(log_with(personal).raws[seq])


@pytest.mark.parametrize("fields", [("badge",), ("name", "place"), ("badge", "name", "place")])
def test_what_was_committed_to_verifies_and_nothing_else_is_named(fields: tuple[str, ...]) -> None:
    read = parse_disclosure(told(PERSONAL, *fields).encode())

    assert verify_disclosure(read, leaf_with(PERSONAL)) == fields


names = st.from_regex(r"[a-z][a-z0-9_]{0,39}", fullmatch=True)


@given(st.dictionaries(names, values, min_size=1, max_size=4), st.data())
def test_any_values_can_be_disclosed_and_no_other_value_passes_for_one(personal: dict[str, Json], data: st.DataObject) -> None:
    """Even where the two are equal to a programmer: true and 1, a text and the number it spells."""
    leaf = leaf_with(personal)
    disclosure = told(personal)

    assert parse_disclosure(disclosure.encode()) == disclosure
    assert verify_disclosure(disclosure, leaf) == tuple(sorted(personal))

    field = data.draw(st.sampled_from(sorted(personal)))
    other = data.draw(values.filter(lambda value: canonical(value) != canonical(personal[field])))
    with pytest.raises(VerificationError, match="does not commit to this value"):
        verify_disclosure(told({**personal, field: other}, field), leaf)


@given(st.integers(min_value=0))
def test_no_changed_bit_goes_unnoticed(bit: int) -> None:
    raw = told(PERSONAL).encode()
    changed = one_bit_off(raw, bit % (8 * len(raw)))

    with pytest.raises(VerificationError):
        verify_disclosure(parse_disclosure(changed), leaf_with(PERSONAL))


@given(st.binary(max_size=200))
def test_any_other_bytes_are_refused(raw: bytes) -> None:
    with pytest.raises(VerificationError):
        parse_disclosure(raw)


def edited(edit: Callable[[dict[str, Json]], object]) -> bytes:
    document = json.loads(told(PERSONAL, "badge", "name").encode())
    edit(document)
    return canonical(document)


HOSTILE: dict[str, Callable[[dict[str, Json]], object]] = {
    "no field": lambda it: it.update(fields=[]),
    "fields that are no list": lambda it: it.update(fields={}),
    "a field twice": lambda it: it.update(fields=[it["fields"][0]] * 2),  # type: ignore[index]
    "fields in another order": lambda it: it["fields"].reverse(),  # type: ignore[union-attr]
    "a key too many": lambda it: it.update(more=1),
    "a key too few": lambda it: it.pop("log"),
    "a key too many in a field": lambda it: it["fields"][0].update(more=1),  # type: ignore[index, union-attr]
    "a field that is no object": lambda it: it.update(fields=[1]),
    "a field name in capitals": lambda it: it["fields"][0].update(field="Badge"),  # type: ignore[index, union-attr]
    "a short salt": lambda it: it["fields"][0].update(salt="00" * 31),  # type: ignore[index, union-attr]
    "a salt in capitals": lambda it: it["fields"][0].update(salt="AB" * 32),  # type: ignore[index, union-attr]
    "a salt that is no text": lambda it: it["fields"][0].update(salt=1),  # type: ignore[index, union-attr]
    "a negative number": lambda it: it.update(seq=-1),
    "true for a number": lambda it: it.update(seq=True),
    "a log that is no text": lambda it: it.update(log=1),
    "a log with a space": lambda it: it.update(log="a b"),
    "another version": lambda it: it.update(v=2),
    "true for the version": lambda it: it.update(v=True),
}


@pytest.mark.parametrize("edit", HOSTILE.values(), ids=HOSTILE.keys())
def test_what_is_not_of_the_one_form_is_refused(edit: Callable[[dict[str, Json]], object]) -> None:
    with pytest.raises(VerificationError):
        parse_disclosure(edited(edit))


def test_a_list_instead_of_an_object_is_refused() -> None:
    with pytest.raises(VerificationError, match="a key is missing or unknown"):
        parse_disclosure(b"[]")


def test_a_disclosure_of_nothing_cannot_be_written_and_verifies_nothing() -> None:
    nothing = Disclosure(ORIGIN, SEQ, ())

    with pytest.raises(VerificationError):
        nothing.encode()
    with pytest.raises(VerificationError):
        verify_disclosure(nothing, leaf_with(PERSONAL))


@pytest.mark.parametrize(("log", "seq"), [(ORIGIN, SEQ + 1), ("other.example/log", SEQ)])
def test_what_is_of_another_entry_is_refused(log: str, seq: int) -> None:
    moved = Disclosure(log, seq, told(PERSONAL).fields)

    with pytest.raises(VerificationError, match="not of entry 3"):
        verify_disclosure(moved, leaf_with(PERSONAL))


def test_the_same_value_and_salt_do_not_pass_at_another_place() -> None:
    """Neither in another entry nor under another name: both are part of what was committed to."""
    with pytest.raises(VerificationError, match="does not commit to this value of badge"):
        verify_disclosure(told(PERSONAL, "badge", seq=4), _at(4, leaf_with(PERSONAL)))
    with pytest.raises(VerificationError, match="has no field nickname"):
        verify_disclosure(
            Disclosure(ORIGIN, SEQ, (DisclosedField("nickname", salt_of("name"), "王小明"),)), leaf_with(PERSONAL)
        )


def _at(seq: int, leaf: LeafRecord) -> LeafRecord:
    """A leaf at another place with the same commitments."""
    log = SmallLog()
    for _ in range(seq + 1):
        log.add(commitments=leaf.commitments)
    return read_leaf(log.raws[seq])


@pytest.fixture
def receipt(tmp_path: Path) -> list[str]:
    log = log_with(PERSONAL)
    (tmp_path / "proof").write_text(log.proof(SEQ))
    (tmp_path / "leaf").write_bytes(log.raws[SEQ])
    (tmp_path / "told").write_bytes(told(PERSONAL, "badge", "name").encode())
    files = ["--proof", "proof", "--leaf", "leaf", "--disclosure", "told"]
    return [*(text if text.startswith("--") else str(tmp_path / text) for text in files), "--vkey", signer().vkey]


def test_the_program_names_the_fields_it_verified(receipt: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(receipt) == 0
    assert "5. disclosure: ok. entry 3 committed to badge, name" in capsys.readouterr().out


def test_the_program_says_it_in_chinese(
    receipt: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")

    assert main(receipt) == 0
    assert "5. 披露：通过。第 3 条记录确已承诺：badge, name" in capsys.readouterr().out


def test_the_program_refuses_an_edited_disclosure(receipt: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    file = Path(receipt[5])
    file.write_bytes(file.read_bytes().replace(b"3210", b"3211"))

    assert main(receipt) == 1
    assert "5. disclosure: WRONG. disclosure: entry 3 does not commit to this value of badge" in capsys.readouterr().out


def test_a_disclosure_beside_a_leaf_that_cannot_be_read_verifies_nothing(
    receipt: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    Path(receipt[3]).write_bytes(b"[]")

    assert main(receipt) == 1
    assert "5. disclosure: WRONG. nothing was checked" in capsys.readouterr().out


def test_a_disclosure_without_a_proof_is_wrong_use(receipt: list[str], tmp_path: Path) -> None:
    with pytest.raises(SystemExit) as ended:
        main([str(tmp_path), *receipt[4:]])

    assert ended.value.code == 2
