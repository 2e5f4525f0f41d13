"""
What the law calls things, as values that cannot be wrong.

====================  ==============  =====================================================================
word                  中文            what it is
====================  ==============  =====================================================================
`PartyDetails`        当事人          a regulated person or organisation (B5), found again by its number
`IdNumber`            证件号码        身份证号 or 统一社会信用代码, with the check character it carries
`MatterDetails`       事项            what activities belong to; it may become a registered case
`ActivityDetails`     执法活动        one act with time, place and officers, to which clips are filed
====================  ==============  =====================================================================

Messages never repeat a number or a name: they may end in a log.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Self

from storage.evidence import Kind, Subject
from storage.identity import blind_index

_LONGEST_TEXT = 400
_RESIDENT = re.compile(r"[0-9]{17}[0-9X]")
_RESIDENT_CHECK = "10X98765432"
_CREDIT_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_CREDIT = re.compile(f"[{_CREDIT_ALPHABET}]{{2}}[0-9]{{6}}[{_CREDIT_ALPHABET}]{{10}}")
_CODE = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,39}")


class Coded(StrEnum):
    """A code with the name the documents use."""

    chinese: str

    def __new__(cls, code: str, chinese: str = "") -> Self:
        """Make the member *code*, called *chinese* in the documents."""
        member = str.__new__(cls, code)
        member._value_ = code
        member.chinese = chinese
        return member

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the code or the Chinese name."""
        for member in cls:
            if text.strip().lower() == member.value or text.strip() == member.chinese:
                return member
        message = f"{cls.__name__} {text!r}: expected one of {', '.join(f'{m} ({m.chinese})' for m in cls)}"
        raise ValueError(message)


class PartyKind(Coded):
    """Whom the law regulates (B5); what is public of a natural person is taken down sooner (C7)."""

    NATURAL = "natural", "自然人"
    ORGANISATION = "organisation", "组织"


class IdKind(Coded):
    """By which number a party is found again."""

    RESIDENT = "resident_id", "身份证号"
    CREDIT = "credit_code", "统一社会信用代码"


class MatterKind(Coded):
    """What activities belong to. Any of them may become a registered case."""

    INSPECTION = "inspection", "行政检查"
    ADVICE = "advice", "提示执法"
    APPLICATION = "application", "行政许可申请"
    COMPLAINT = "complaint", "投诉举报"
    CASE = "case", "案件"

    @property
    def needs_registration(self) -> bool:
        """Whether footage is not counted as filed before the matter is registered (A35)."""
        return self is MatterKind.CASE


class ActivityKind(Coded):
    """What is done in an activity; A14, A15 and A16 say for which of them footage is a must."""

    ACCEPTANCE = "acceptance", "受理"
    ADVICE = "advice", "提示执法"
    ON_SITE_INSPECTION = "on_site_inspection", "现场检查"
    INQUIRY = "inquiry", "询问"
    EVIDENCE_COLLECTION = "evidence_collection", "调查取证"
    RIGHTS_NOTICE = "rights_notice", "权利告知"
    HEARING = "hearing", "听证"
    COERCIVE_MEASURE = "coercive_measure", "行政强制措施"
    DISCUSSION = "discussion", "集体讨论"
    SERVICE = "service", "送达"
    LIEN_SERVICE = "lien_service", "留置送达"
    ENFORCEMENT = "enforcement", "执行"
    OTHER = "other", "其他"


@dataclass(frozen=True, slots=True)
class IdNumber:
    """
    A number that names one person or organisation, whose check character was computed again.

    A resident's number carries a birth date and an ISO 7064 MOD 11-2 check character; a credit code carries the character that
    brings the sum of the values before it, weighted with powers of 3, to a multiple of 31. Both refuse any one wrong character.
    """

    kind: IdKind
    text: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "kind", IdKind(self.kind))
        if self.kind is IdKind.RESIDENT:
            _check_resident(self.text)
        else:
            _check_credit(self.text)

    @classmethod
    def parse(cls, text: str, kind: IdKind | None = None) -> IdNumber:
        """
        Read what a person typed; spaces around it and small letters are fine.

        Without *kind*, what can be a resident's number is one: one in 31 of them could also be a credit code, but next to no
        credit code is all digits with a birth date in the right place.
        """
        if kind is not None:
            return cls(kind, text.strip().upper())
        fitting = cls.all_fitting(text)
        if not fitting:
            message = f"id number: expected a {IdKind.RESIDENT.chinese} or a {IdKind.CREDIT.chinese}, found neither"
            raise ValueError(message)
        return fitting[0]

    @classmethod
    def all_fitting(cls, text: str) -> list[IdNumber]:
        """Return every number that *text* can be, the likelier first."""
        return [number for kind in IdKind if (number := cls._try(kind, text)) is not None]

    @classmethod
    def _try(cls, kind: IdKind, text: str) -> IdNumber | None:
        try:
            return cls.parse(text, kind)
        except ValueError:
            return None

    @property
    def shown(self) -> str:
        """What people are shown: the last four characters of a resident's number, all of a credit code (which is public)."""
        return shown_number(kind=self.kind, number=self.text)

    def index(self, key: bytes) -> str:
        """Return the keyed index by which the party with this number is found again."""
        return number_index(key, kind=self.kind, number=self.text)

    def __repr__(self) -> str:
        return f"IdNumber({self.kind.value}, {self.shown})"


def shown_number(*, kind: str, number: str) -> str:
    """Hide what of an id number people need not see."""
    return number if kind == IdKind.CREDIT else "*" * (len(number) - 4) + number[-4:]


def number_index(key: bytes, *, kind: str, number: str) -> str:
    """Return the blind index of an id number."""
    return blind_index(key, domain=f"id:{kind}", value=number)


def _check_resident(text: str) -> None:
    if not _RESIDENT.fullmatch(text):
        message = f"resident id number: expected 17 digits and a digit or X, found {len(text)} characters that are not"
        raise ValueError(message)
    try:
        date(int(text[6:10]), int(text[10:12]), int(text[12:14]))
    except ValueError as error:
        message = f"resident id number: the digits 7 to 14 are no date: {error}"
        raise ValueError(message) from error
    total = sum(int(digit) * 2 ** (17 - place) for place, digit in enumerate(text[:17]))
    expected = _RESIDENT_CHECK[total % 11]
    if text[17] != expected:
        message = f"resident id number: expected check character {expected}, found {text[17]}"
        raise ValueError(message)


def _check_credit(text: str) -> None:
    if not _CREDIT.fullmatch(text):
        message = (
            f"credit code: expected 18 digits and capitals (never I, O, S, V, Z), found {len(text)} characters that are not"
        )
        raise ValueError(message)
    total = sum(_CREDIT_ALPHABET.index(character) * 3**place for place, character in enumerate(text[:17]))
    expected = _CREDIT_ALPHABET[-total % 31]
    if text[17] != expected:
        message = f"credit code: expected check character {expected}, found {text[17]}"
        raise ValueError(message)


@dataclass(frozen=True, slots=True)
class PartyDetails:
    """Who a party is. An individually owned business (个体工商户) is a natural person that may have a credit code."""

    kind: PartyKind
    name: str
    id_number: IdNumber | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "kind", PartyKind(self.kind))
        check_text("name of a party", self.name)
        if self.kind is PartyKind.ORGANISATION and self.id_number is not None and self.id_number.kind is IdKind.RESIDENT:
            message = f"party: expected a {IdKind.CREDIT.chinese} of an organisation, found a {IdKind.RESIDENT.chinese}"
            raise ValueError(message)


@dataclass(frozen=True, slots=True)
class MatterDetails:
    """What a matter is about."""

    kind: MatterKind
    title: str
    number: str | None = None
    """As on the documents (案号); no two matters of an office share one."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "kind", MatterKind(self.kind))
        check_text("title of a matter", self.title)
        if self.number is not None:
            check_text("number of a matter", self.number)


@dataclass(frozen=True, slots=True)
class ActivityDetails:
    """What was done, where, when and by whom."""

    kind: ActivityKind
    title: str
    place: str | None
    started_at: datetime
    ended_at: datetime | None = None
    officers: tuple[Subject, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "kind", ActivityKind(self.kind))
        check_text("title of an activity", self.title)
        if self.place is not None:
            check_text("place of an activity", self.place)
        for moment in filter(None, (self.started_at, self.ended_at)):
            if moment.utcoffset() is None:
                message = f"activity: expected a time with its zone, found {moment.isoformat()}"
                raise ValueError(message)
        if self.ended_at is not None and self.ended_at < self.started_at:
            message = f"activity: ends at {self.ended_at.isoformat()}, before it starts at {self.started_at.isoformat()}"
            raise ValueError(message)
        for officer in self.officers:
            check_kind(officer, Kind.OFFICER)
        if len(set(self.officers)) != len(self.officers):
            message = "activity: the same officer is named twice"
            raise ValueError(message)


def check_text(what: str, text: str) -> None:
    """Refuse a text that is blank, too long, or hides control characters."""
    if not text.strip():
        message = f"{what}: expected a text, found a blank one"
        raise ValueError(message)
    if len(text) > _LONGEST_TEXT:
        message = f"{what}: expected at most {_LONGEST_TEXT} characters, found {len(text)}"
        raise ValueError(message)
    if any(unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"} for character in text):
        message = f"{what}: expected one line of visible text, found control characters"
        raise ValueError(message)


def check_code(what: str, text: str) -> None:
    """Refuse what is not a plain code: codes stand in leaves in clear and so must not be able to hold a name."""
    if not _CODE.fullmatch(text):
        message = f"{what} {text!r}: expected at most 40 letters and digits (also . _ -)"
        raise ValueError(message)


def check_kind(subject: Subject, expected: Kind) -> None:
    """Refuse a pseudonym of something else."""
    if subject.kind is not expected:
        message = f"{subject}: expected a {expected}"
        raise ValueError(message)
