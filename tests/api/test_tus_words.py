"""Headers of tus, which anybody may write."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api import tus
from storage.announced import Announced
from storage.evidence import Actor, Kind, Role
from storage.identity import fresh
from tests.api.uploading import metadata

ACTOR = Actor(fresh(Kind.ACCOUNT), Role.CLERK)
CLIP = fresh(Kind.CLIP)
KEYS = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E, exclude_characters=","), min_size=1, max_size=9)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)


@given(st.dictionaries(KEYS, TEXTS, max_size=5))
def test_what_a_client_says_is_read_back(said: dict[str, str]) -> None:
    assert tus.metadata(metadata(**said)) == said


@given(st.text(max_size=80), st.text(max_size=20))
def test_any_header_is_read_or_refused(header: str, length: str) -> None:
    try:
        said = tus.announced(CLIP, ACTOR, length=length, header=header)
    except ValueError:
        return
    assert Announced.from_json(CLIP, said.as_json()) == said


@given(name=TEXTS, giver=TEXTS, reason=TEXTS)
def test_what_is_accepted_has_a_name_that_leads_nowhere_and_says_something(name: str, giver: str, reason: str) -> None:
    header = metadata(filename=name, reason=reason, **{"from": giver})
    try:
        said = tus.announced(CLIP, ACTOR, length="5", header=header)
    except ValueError:
        return
    assert said.path.raw not in {b"", b".", b".."}
    assert not {b"/", b"\\", b"\0"} & {bytes([byte]) for byte in said.path.raw}
    assert said.given_by
    assert said.reason
    assert Announced.from_json(CLIP, said.as_json()) == said


@pytest.mark.parametrize("text", ["", "-1", "+1", "01", "1e3", "１", "1" * 17, " 1"])
def test_a_number_is_written_in_one_way(text: str) -> None:
    with pytest.raises(ValueError, match="expected a number of bytes"):
        tus.number(text, "Upload-Length")
