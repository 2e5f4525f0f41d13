"""Offices, officers, parties and matters: registered once, referring only to what exists, and each in its order."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from itertools import pairwise

import pytest

from cases import entries, moves
from cases.values import IdKind, IdNumber, MatterDetails, MatterKind, PartyDetails, PartyKind
from storage.database import reading
from storage.errors import EvidenceError, LifeCycleError, NotFound, StaleState
from storage.evidence import Entry, Kind, Stage, Subject
from storage.identity import fresh
from storage.ledger.log import count, leaves

from .conftest import CLERK, PERSON, SHOP, SmallOffice


def test_the_same_id_number_again_is_the_same_party(county: SmallOffice) -> None:
    party = county.registry.add_party(PERSON, actor=CLERK)
    again = county.registry.add_party(dataclasses.replace(PERSON, name="又名"), actor=CLERK)

    assert again == party
    assert [found.name for found in county.dossiers.parties()] == ["甲某某"]


def test_parties_without_a_number_are_never_taken_for_each_other(county: SmallOffice) -> None:
    unknown = PartyDetails(PartyKind.NATURAL, "甲某某")

    assert county.registry.add_party(unknown, actor=CLERK) != county.registry.add_party(unknown, actor=CLERK)


def test_no_leaf_names_anybody(county: SmallOffice) -> None:
    """Names, badges, id numbers, titles, places and case numbers are in the vault alone."""
    matter = county.case(county.registry.add_party(PERSON, actor=CLERK), number="示执罚〔2026〕1号")
    county.activity(matter)

    with reading(county.engine) as connection:
        raw = b"".join(leaf for _seq, leaf, _hash in leaves(connection, 0, count(connection)))
    assert PERSON.id_number is not None
    secrets = ("甲某某", "乙某", "EX0001", "示例县", PERSON.id_number.text, "未亮照经营", "示执罚", "示例路", "现场检查")
    assert [secret for secret in secrets if secret.encode() in raw] == []


@pytest.mark.parametrize(
    ("register", "reason"),
    [
        (
            lambda c: c.registry.add_office("别的单位", code="EX-01", actor=CLERK),
            "office code EX-01: office:.* under another name",
        ),
        (lambda c: c.registry.add_officer("丁某", badge="EX0001", office=c.office, actor=CLERK), "badge: officer:.* has it"),
        (lambda c: c.registry.add_officer("丁某", badge="EX0009", office=fresh(Kind.OFFICE), actor=CLERK), "no such office"),
        (lambda c: c.case(fresh(Kind.PARTY)), "no such party"),
        (lambda c: [c.case(number="1号"), c.case(number="1号")], "number of a matter: matter:.* has it already"),
        (lambda c: c.registry.close(fresh(Kind.MATTER), actor=CLERK), "no such matter"),
        (lambda c: c.activity(fresh(Kind.MATTER)), "no such matter"),
    ],
)
def test_what_cannot_be_registered_is_refused_with_the_reason(
    county: SmallOffice,
    register: Callable[[SmallOffice], object],
    reason: str,
) -> None:
    with pytest.raises(EvidenceError, match=reason):
        register(county)

    assert county.differences() == []


def test_offices_and_officers_registered_again_are_the_same(county: SmallOffice) -> None:
    """A step that is run again after a crash does no harm."""
    office = county.registry.add_office("示例县综合执法队", code="EX-01", actor=CLERK)
    officer = county.registry.add_officer("乙某", badge="EX0001", office=office, actor=CLERK)

    assert (office, officer) == (county.office, county.officers[0])
    assert [found.officers for found in county.dossiers.offices()] == [2]
    assert [found.badge for found in county.dossiers.officers()] == ["EX0001", "EX0002"]


def test_a_case_goes_through_its_five_stages_in_order(county: SmallOffice) -> None:
    case = county.case()
    for stage in Stage:
        county.registry.enter_stage(case, stage, actor=CLERK)
        found = county.dossiers.matter_file(case).matter
        assert (found.stage, found.state) == (stage, stage.value)

    county.registry.close(case, actor=CLERK)
    assert county.dossiers.matter_file(case).matter.state == moves.CLOSED


@pytest.mark.parametrize(("before", "stage"), [*pairwise(Stage), *zip(Stage, Stage, strict=True)])
def test_a_stage_is_entered_once_and_never_gone_back_to(county: SmallOffice, before: Stage, stage: Stage) -> None:
    case = county.case()
    for entered in Stage:
        county.registry.enter_stage(case, entered, actor=CLERK)
        if entered is stage:
            break

    with pytest.raises(LifeCycleError, match=rf"{case}: {before.name}_ENTERED may not follow when it is {stage}"):
        county.registry.enter_stage(case, before, actor=CLERK)


@pytest.mark.parametrize("stage", [Stage.DECISION, Stage.SERVICE])
def test_no_stage_before_archiving_is_left_out(county: SmallOffice, stage: Stage) -> None:
    case = county.case()
    county.registry.enter_stage(case, Stage.INITIATION, actor=CLERK)

    with pytest.raises(LifeCycleError, match="may not follow when it is initiation"):
        county.registry.enter_stage(case, stage, actor=CLERK)


def test_a_case_that_ends_early_is_archived_too(county: SmallOffice) -> None:
    case = county.case()
    county.registry.enter_stage(case, Stage.INVESTIGATION, actor=CLERK)
    county.registry.enter_stage(case, Stage.ARCHIVING, actor=CLERK)

    assert county.dossiers.matter_file(case).matter.stage is Stage.ARCHIVING


def test_only_a_registered_case_has_stages(county: SmallOffice) -> None:
    """A matter becomes a case by registration, once, and may be given its number then."""
    matter = county.matter(MatterKind.INSPECTION)
    with pytest.raises(LifeCycleError, match="INITIATION_ENTERED may not follow when it is open"):
        county.registry.enter_stage(matter, Stage.INITIATION, actor=CLERK)

    county.registry.register(matter, number="示执罚〔2026〕2号", actor=CLERK)
    county.registry.enter_stage(matter, Stage.INITIATION, actor=CLERK)

    found = county.dossiers.matter_file(matter).matter
    assert (found.kind, found.number) == (MatterKind.INSPECTION, "示执罚〔2026〕2号")
    assert found.registered_at is not None
    with pytest.raises(LifeCycleError, match="CASE_REGISTERED may not follow when it is initiation"):
        county.registry.register(matter, actor=CLERK)


def test_a_matter_keeps_the_number_it_was_opened_with(county: SmallOffice) -> None:
    matter = county.matter(MatterKind.COMPLAINT, number="举报 7")
    county.registry.register(matter, actor=CLERK)

    assert county.dossiers.matter_file(matter).matter.number == "举报 7"


def test_another_matters_number_is_not_given_at_registration_either(county: SmallOffice) -> None:
    county.case(number="1号")
    matter = county.matter(MatterKind.INSPECTION)

    with pytest.raises(LifeCycleError, match="has it already"):
        county.registry.register(matter, number="1号", actor=CLERK)


def test_a_case_is_opened_and_registered_or_neither(county: SmallOffice) -> None:
    with pytest.raises(ValueError, match="expected kind case, found inspection"):
        county.registry.register_case(
            MatterDetails(MatterKind.INSPECTION, "检查"),
            office=county.office,
            parties=[],
            actor=CLERK,
        )

    assert county.dossiers.matters() == ()


def test_a_closed_matter_takes_nothing_more(county: SmallOffice) -> None:
    matter = county.matter(MatterKind.ADVICE)
    county.registry.close(matter, actor=CLERK)

    with pytest.raises(LifeCycleError, match=f"{matter}: it was closed at 2026-11-21T"):
        county.activity(matter)
    with pytest.raises(LifeCycleError, match="MATTER_CLOSED may not follow when it is closed"):
        county.registry.close(matter, actor=CLERK)


def test_a_party_may_join_later_but_only_once(county: SmallOffice) -> None:
    person, shop = (county.registry.add_party(details, actor=CLERK) for details in (PERSON, SHOP))
    case = county.case(person, person)
    county.registry.join_party(case, shop, actor=CLERK)

    assert county.dossiers.matter_file(case).matter.parties == (person, shop)
    assert [party.matters for party in county.dossiers.parties()] == [1, 1]
    with pytest.raises(LifeCycleError, match="is a party of it already"):
        county.registry.join_party(case, shop, actor=CLERK)


def test_a_market_sweep_may_concern_more_parties_than_a_leaf_could_name(county: SmallOffice) -> None:
    stalls = [
        county.registry.add_party(PartyDetails(PartyKind.NATURAL, f"{number} 号摊主"), actor=CLERK) for number in range(120)
    ]

    assert county.dossiers.matter_file(county.matter(MatterKind.INSPECTION, stalls)).matter.parties == tuple(stalls)


@pytest.mark.parametrize(
    "entry",
    [
        lambda _: entries.officer_registered(fresh(Kind.OFFICER), "丁某", badge="9", office=fresh(Kind.OFFICE), actor=CLERK),
        lambda c: entries.party_joined(c.case(), fresh(Kind.PARTY), actor=CLERK),
        lambda _: entries.party_registered(fresh(Kind.PARTY), PERSON, actor=CLERK),
        lambda _: entries.office_registered(fresh(Kind.OFFICE), "别的单位", code="EX-01", actor=CLERK),
        lambda c: entries.case_registered(c.matter(MatterKind.INSPECTION), number="1号", actor=CLERK),
        lambda _: entries.matter_opened(
            fresh(Kind.MATTER),
            MatterDetails(MatterKind.ADVICE, "提示"),
            office=fresh(Kind.OFFICE),
            actor=CLERK,
        ),
    ],
    ids=["unknown office", "unknown party", "same id number", "same office code", "same case number", "office of a matter"],
)
def test_the_transaction_itself_refuses_what_was_never_looked_at(
    county: SmallOffice,
    entry: Callable[[SmallOffice], Entry],
) -> None:
    """Whoever records without the registry, or faster than it, meets the same guards."""
    county.registry.add_party(PERSON, actor=CLERK)
    county.case(number="1号")
    wanted = entry(county)
    with reading(county.engine) as connection:
        before = count(connection)

    with pytest.raises(StaleState, match=wanted.type):
        county.custody.record(wanted)

    with reading(county.engine) as connection:
        assert count(connection) == before
    assert county.differences() == []


def test_wrong_kinds_of_pseudonyms_are_refused(county: SmallOffice) -> None:
    wrong = Subject(Kind.CLIP, county.office.id)
    details = MatterDetails(MatterKind.ADVICE, "提示")

    with pytest.raises(ValueError, match="expected a office"):
        county.registry.open_matter(details, office=wrong, parties=[], actor=CLERK)
    with pytest.raises(ValueError, match="expected a party"):
        county.registry.open_matter(details, office=county.office, parties=[wrong], actor=CLERK)
    with pytest.raises(NotFound, match="no such clip"):
        county.registry.enter_stage(wrong, Stage.INITIATION, actor=CLERK)


def test_an_organisation_has_no_residents_number() -> None:
    with pytest.raises(ValueError, match="统一社会信用代码"):
        PartyDetails(PartyKind.ORGANISATION, "示例公司", PERSON.id_number)


def test_an_individually_owned_business_may_have_a_credit_code(county: SmallOffice) -> None:
    owner = PartyDetails(PartyKind.NATURAL, "个体户甲", IdNumber(IdKind.CREDIT, "0000000000000000XR"))

    assert county.registry.add_party(owner, actor=CLERK) == county.registry.add_party(SHOP, actor=CLERK)
