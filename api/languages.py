"""Which language to answer in: Chinese unless English is asked for more (RFC 9110 §12.5.4)."""

from __future__ import annotations

import re
from enum import StrEnum

_OFFER = re.compile(r"\s*([A-Za-z]{1,8}|\*)(?:-[A-Za-z0-9-]*)?\s*(?:;\s*q\s*=\s*([01](?:\.[0-9]{0,3})?))?\s*")


class Language(StrEnum):
    """A language we speak."""

    CHINESE = "zh-CN"
    ENGLISH = "en"


def language(accepted: str) -> Language:
    """Choose by the value of ``Accept-Language``; what cannot be read in it counts for nothing."""
    weights = {"zh": 0.0, "en": 0.0, "*": 0.0}
    for offer in accepted.split(","):
        found = _OFFER.fullmatch(offer)
        if found and found[1].lower() in weights:
            weights[found[1].lower()] = max(weights[found[1].lower()], float(found[2] or 1))
    return Language.ENGLISH if weights["en"] > max(weights["zh"], weights["*"]) else Language.CHINESE
