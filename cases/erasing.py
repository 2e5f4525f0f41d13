"""
What keeps parties, officers, matters and activities from being erased, and a clip that is filed.

Nobody is forgotten whom a matter that is not closed, or footage that is still kept, may have to name.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cases.duty.tables import holdings, officer_means
from cases.moves import CLOSED
from cases.tables import activities, activity_officers, filings, matter_parties, matters, officers, parties
from storage.clips import clips
from storage.erasure import Forgetting, Hindrance, is_kept
from storage.evidence import Kind

_ACTIVITIES = matters.join(activities, activities.c.matter == matters.c.matter)
_BY_OFFICERS = _ACTIVITIES.join(activity_officers, activity_officers.c.activity == activities.c.activity)
_OF_PARTIES = matters.join(matter_parties, matter_parties.c.matter == matters.c.matter)
_FILINGS = filings.join(activities, activities.c.activity == filings.c.activity).join(clips, clips.c.clip == filings.c.clip)


def _party(subject: str, at: str) -> Sequence[Hindrance]:
    mine = matter_parties.c.party == subject
    filed = _FILINGS.join(matter_parties, matter_parties.c.matter == activities.c.matter)
    return [_open(_OF_PARTIES, mine), _kept(filed, mine, at)]


def _officer(subject: str, at: str) -> Sequence[Hindrance]:
    mine = activity_officers.c.officer == subject
    filed = _FILINGS.join(activity_officers, activity_officers.c.activity == activities.c.activity)
    return [_open(_BY_OFFICERS, mine), _kept(filed, mine, at)]


def _carrier(subject: str, at: str) -> Sequence[Hindrance]:
    mine = (holdings.c.officer == subject, holdings.c.undone_seq.is_(None))
    has = holdings.select().with_only_columns(holdings.c.device).where(*mine, holdings.c.ended_seq.is_(None))
    taken = holdings.join(clips, clips.c.device == holdings.c.device).select().with_only_columns(clips.c.clip)
    # by the camera's clock, which may be wrong: a clip without a time counts for whoever had the camera before it was ours
    before_its_end = holdings.c.until.is_(None) | clips.c.recorded_at.is_(None) | (clips.c.recorded_at < holdings.c.until)
    after_its_beginning = (clips.c.secured_at >= holdings.c.since) | (clips.c.secured_at >= holdings.c.since_claimed)
    carried = taken.where(*mine, is_kept(at), before_its_end, after_its_beginning)
    return [Hindrance("a camera is issued to it", has), Hindrance("a clip that it carried is kept", carried.distinct())]


def _matter(subject: str, at: str) -> Sequence[Hindrance]:
    return [_open(matters, matters.c.matter == subject), _kept(_FILINGS, activities.c.matter == subject, at)]


def _activity(subject: str, at: str) -> Sequence[Hindrance]:
    mine = activities.c.activity == subject
    return [_open(_ACTIVITIES, mine), _kept(_FILINGS, mine, at)]


def _clip(subject: str, _at: str) -> Sequence[Hindrance]:
    filed = _ACTIVITIES.join(filings, filings.c.activity == activities.c.activity)
    return [_open(filed, filings.c.clip == subject, filings.c.unfiled_seq.is_(None))]


def _open(rows: Any, *mine: Any) -> Hindrance:  # noqa: ANN401 - tables and conditions, whose types belong to the database room
    found = rows.select().with_only_columns(matters.c.matter).where(*mine, matters.c.state != CLOSED)
    return Hindrance("a matter that is not closed needs it", found.distinct())


def _kept(rows: Any, mine: Any, at: str) -> Hindrance:  # noqa: ANN401 - tables and conditions, as above
    found = rows.select().with_only_columns(clips.c.clip).where(mine, filings.c.unfiled_seq.is_(None), is_kept(at))
    return Hindrance("a clip filed there is under retention, or not deposited yet", found.distinct())


RULES: tuple[Forgetting, ...] = (
    Forgetting(Kind.PARTY, parties, ("name", "id_shown", "id_index"), _party),
    Forgetting(Kind.OFFICER, officers, ("name", "badge"), _officer),
    Forgetting(Kind.OFFICER, officer_means, ("card_index", "pin"), _carrier),
    Forgetting(Kind.MATTER, matters, ("title", "number"), _matter),
    Forgetting(Kind.ACTIVITY, activities, ("title", "place"), _activity),
    Forgetting(Kind.CLIP, clips, ("name",), _clip),
)
"""How what the law asks about is forgotten; of a clip, what filing it adds to the rule of `storage.erasure`."""
