"""一户式: everything about one party in one answer (B2), also after its name was erased, and the same after a replay."""

from __future__ import annotations

import dataclasses

import pytest
from sqlalchemy import Table

from cases.tables import activities, activity_officers, filings, matter_parties, matters, parties
from cases.values import IdKind, IdNumber, MatterKind
from storage.database import writing
from storage.errors import NotFound
from storage.evidence import Kind, Stage, Subject
from storage.identity import fresh
from storage.rebuild import rebuild

from .conftest import CLERK, INDEX_KEY, PERSON, SHOP, SmallOffice, seconds


@dataclasses.dataclass(frozen=True)
class Market:
    """A person with a case and an inspection; the shop shares the inspection; one clip shows both, another only the case."""

    person: Subject
    shop: Subject
    case: Subject
    sweep: Subject
    shared: Subject
    alone: Subject


@pytest.fixture
def market(county: SmallOffice) -> Market:
    """Two parties, two matters, three activities, two clips, four filings."""
    person, shop = (county.registry.add_party(details, actor=CLERK) for details in (PERSON, SHOP))
    case, sweep = county.case(person), county.matter(MatterKind.INSPECTION, [person, shop])
    inquiry, notice = county.activity(case), county.activity(case, Stage.DECISION, title="权利告知")
    inspection = county.activity(sweep, Stage.INITIATION)
    shared, alone = county.clip(), county.clip("询问.mp4")
    county.file(shared, inspection, seconds(0, 60))
    county.file(shared, inquiry, seconds(60, 90))
    county.file(alone, inquiry)
    county.file(alone, notice)
    return Market(person, shop, case, sweep, shared, alone)


def test_a_dossier_has_all_matters_stages_activities_and_clips_of_a_party(county: SmallOffice, market: Market) -> None:
    dossier = county.dossiers.dossier(market.person)

    assert dossier.party.name == "甲某某"
    assert [file.matter.subject for file in dossier.matters] == [market.case, market.sweep]
    assert [[len(stage.activities) for stage in file.stages] for file in dossier.matters] == [[0, 1, 1, 0, 0], [1, 0, 0, 0, 0]]
    act = dossier.matters[0].stages[1].activities[0]
    assert act.activity.officers == county.officers
    assert [filing.clip for filing in act.filings] == [market.shared, market.alone]


def test_a_clip_stands_once_in_a_dossier_with_the_parts_that_concern_the_party(county: SmallOffice, market: Market) -> None:
    both, shops = county.dossiers.dossier(market.person).clips, county.dossiers.dossier(market.shop).clips

    assert [(filed.clip.subject, len(filed.filings)) for filed in both] == [(market.shared, 2), (market.alone, 2)]
    assert [(filed.clip.name, [f.range for f in filed.filings]) for filed in shops] == [("现场检查.mp4", [seconds(0, 60)])]


def test_the_clips_of_a_case_can_be_had_by_stage(county: SmallOffice, market: Market) -> None:
    by_stage = {stage: county.dossiers.case_clips(market.case, stage) for stage in Stage}

    assert [filed.clip.subject for filed in county.dossiers.case_clips(market.case)] == [market.shared, market.alone]
    assert [len(filed) for filed in by_stage.values()] == [0, 2, 1, 0, 0]
    assert [filing.stage for filing in by_stage[Stage.DECISION][0].filings] == [Stage.DECISION]


def test_a_party_is_found_by_a_part_of_its_name_or_by_its_number(county: SmallOffice, market: Market) -> None:
    def found(text: str) -> list[Subject]:
        return [party.subject for party in county.dossiers.find_party(text)]

    assert PERSON.id_number is not None
    assert found(PERSON.id_number.text) == [market.person]
    assert found(" 0000000000000000xr ") == [market.shop]
    assert found("某") == [market.person]
    assert found("小吃") == [market.shop]
    assert found("%") == found("  ") == found("0017") == []


def test_a_dossier_outlives_the_erasure_of_the_name(county: SmallOffice, market: Market) -> None:
    """Erased is erased: neither name nor number is in the catalog, and the number finds nobody any more."""
    county.erase(market.person)
    dossier = county.dossiers.dossier(market.person)

    assert (dossier.party.name, dossier.party.id_shown, dossier.party.id_kind) == (None, None, IdKind.RESIDENT)
    assert [filed.clip.subject for filed in dossier.clips] == [market.shared, market.alone]
    assert county.dossiers.find_party("某") == ()
    assert county.differences() == []
    assert county.registry.add_party(PERSON, actor=CLERK) != market.person


def test_everything_else_may_be_erased_too(county: SmallOffice, market: Market) -> None:
    county.registry.enter_stage(market.case, Stage.INITIATION, actor=CLERK)
    acts = [act for stage in county.dossiers.matter_file(market.case).stages for act in stage.activities]
    for subject in (market.case, market.shared, county.office, *county.officers, *(act.activity.subject for act in acts)):
        county.erase(subject)
    dossier = county.dossiers.dossier(market.person)

    assert dossier.matters[0].matter.title is None
    assert dossier.matters[0].matter.stage is Stage.INITIATION
    assert [(a.activity.title, a.activity.place) for s in dossier.matters[0].stages for a in s.activities] == [(None, None)] * 2
    assert [filed.clip.name for filed in dossier.clips] == [None, "询问.mp4"]
    assert [officer.badge for officer in county.dossiers.officers()] == [None, None]


def test_a_replay_of_the_ledger_makes_the_same_rows(county: SmallOffice, market: Market) -> None:
    county.registry.enter_stage(market.case, Stage.INVESTIGATION, actor=CLERK)
    county.registry.unfile(county.dossiers.filings(market.alone)[0].id, actor=CLERK)
    county.registry.close(market.sweep, actor=CLERK)
    before = county.dossiers.dossier(market.person)

    assert county.differences() == []
    rebuild(county.engine, county.projector, county.vault)
    assert county.dossiers.dossier(market.person) == before


@pytest.mark.parametrize("table", [parties, matters, matter_parties, activities, activity_officers, filings], ids=str)
def test_a_row_that_is_gone_without_an_entry_is_found(county: SmallOffice, market: Market, table: Table) -> None:
    with writing(county.engine) as connection:
        row = connection.execute(table.select().limit(1)).mappings().one()
        connection.execute(table.delete().where(*(key == row[key] for key in table.primary_key)))

    assert [(found.table, found.live, found.replayed) for found in county.differences()] == [(table.name, "missing", "present")]


def test_the_matters_of_an_office_can_be_listed(county: SmallOffice, market: Market) -> None:
    assert [matter.subject for matter in county.dossiers.matters()] == [market.case, market.sweep]
    assert [office.matters for office in county.dossiers.offices()] == [2]


def test_a_dossier_of_nobody_is_not_found(county: SmallOffice) -> None:
    with pytest.raises(NotFound, match="there is no such party"):
        county.dossiers.dossier(fresh(Kind.PARTY))
    with pytest.raises(NotFound, match="there is no such matter"):
        county.dossiers.case_clips(fresh(Kind.MATTER))


def test_the_catalog_holds_no_residents_number(county: SmallOffice, market: Market) -> None:
    """Only its keyed index and its last four characters, enough to find and to recognise a person."""
    number = IdNumber(IdKind.RESIDENT, "000000190001010017")
    with county.engine.connect() as connection:
        row = connection.exec_driver_sql("SELECT * FROM parties WHERE id_kind = 'resident_id'").mappings().one()

    assert row["id_index"] == number.index(INDEX_KEY)
    assert number.text not in {str(value) for value in row.values()}
