"""
The dialect of ``BC+NAME?`` and ``BC+NAME=value``, answered by ``+NAME:value``.

===============================  ================================  ===============================================
sent                             answer                            means
===============================  ================================  ===============================================
``BC+GBCFG?``                    ``+GBCFG:a,b,c,d,e``              number of the device, badge, name, unit and its name
``BC+SYSTIME?``                  ``+SYSTIME:YYYYMMDDhhmmss[,…]``   its clock, minutes from UTC
``BC+BATVAL?``                   ``+BATVAL:n``                     its battery
``BC+LOGIN=admin:password``      ``+LOGIN:Sucess`` (sic)           the password is taken
``BC+UDISKEN=1`` and ``=0``      not told                          become a volume, or be none
``BC+SYSTIME=YYYYMMDDhhmmss``    not told                          set the clock
===============================  ================================  ===============================================

They are strings of one vendor's library (grade B). It does not say how a line ends: here it is CR LF, as modems do. It does not
say what ``UDISKEN`` takes: here 1 is on. Of ``MVEINFO``, ``PCUDISKSTAT``, ``LOGINID``, ``GBIDCODE``, ``UID``, ``VID``, ``DID``
and ``UUID`` it does not say what the answers mean, and of ``UDISKAUTHEN`` there is no question: none of them is sent. ``MKFS``
never is.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime

from device_profiles.fields import DialectName
from ingest.camera import Asked, ClockReading
from ingest.dialects import Answer, Fault, Link, Password
from ingest.dialects.words import clock_digits, percent, word, zone_minutes
from storage.errors import SourceChanged

_END = b"\r\n"
_PASSWORD = re.compile(r"[!-~]{6}")
_GB_FIELDS = 5


class BcPlus:
    """Speaks ``BC+``."""

    name: DialectName = "bc-plus"
    asks_with_password = False

    def ask(self, link: Link, password: Password | None) -> Asked | None:
        """Ask for the clock first, while nothing else delays it; the password is not needed."""
        del password
        timed = _asked(link, b"SYSTIME")
        if not timed.raw:
            return None  # silence: it speaks another dialect, and is spared the other questions
        who = value_of(_asked(link, b"GBCFG").raw, b"GBCFG")
        battery = value_of(_asked(link, b"BATVAL").raw, b"BATVAL")
        if value_of(timed.raw, b"SYSTIME") is None and who is None and battery is None:
            return None
        device, officer = of_whom(who or b"")
        return Asked(self.name, device, officer, clock_of(timed), None if battery is None else percent(battery))

    def unlock(self, link: Link, password: Password) -> Fault | None:
        """Log in and ask for the volume; what is answered to that is not told, so the volume itself is the answer."""
        refused = _login(link, password)
        if refused is None:
            with suppress(SourceChanged):  # it leaves the bus, maybe while it answers
                _told(link, b"UDISKEN", b"1")
        return refused

    def set_clock(self, link: Link, password: Password, moment: datetime) -> Fault | None:
        """Log in again, with the password that was taken before, and set the clock."""
        refused = _login(link, password)
        if refused is None:
            _told(link, b"SYSTIME", moment.strftime("%Y%m%d%H%M%S").encode("ascii"))
        return refused

    def lock(self, link: Link) -> bool:
        """Ask it to be no volume any more."""
        _told(link, b"UDISKEN", b"0")
        return True


def value_of(raw: bytes, name: bytes) -> bytes | None:
    """Return what follows the first ``+NAME:`` up to the end of its line; None where there is none."""
    found = re.search(rb"\+%s:([^\r\n]*)" % re.escape(name), raw)
    return found[1] if found else None


def of_whom(fields: bytes) -> tuple[str | None, str | None]:
    """Return the number of the device and the badge of the officer, the first two of five fields."""
    parts = fields.split(b",")
    return (word(parts[0]), word(parts[1])) if len(parts) == _GB_FIELDS else (None, None)


def clock_of(answer: Answer) -> ClockReading | None:
    """Return what the clock showed, in the middle of the exchange."""
    digits, *more = (value_of(answer.raw, b"SYSTIME") or b"").split(b",")
    raw = clock_digits(digits)
    if raw is None:
        return None
    return ClockReading(raw, zone_minutes(more[0]) if more else None, answer.at, answer.within, answer.monotonic_ns)


def carries(password: Password) -> bool:
    """Say whether the dialect has room for *password*: six characters, and no second line."""
    return _PASSWORD.fullmatch(password.login) is not None and not password.with_questions


def _asked(link: Link, name: bytes) -> Answer:
    return link.exchange(b"BC+%s?%s" % (name, _END), _is_whole(name))


def _told(link: Link, name: bytes, value: bytes) -> Answer:
    return link.exchange(b"BC+%s=%s%s" % (name, value, _END), _is_whole(name))


def _is_whole(name: bytes) -> Callable[[bytes], bool]:
    """Say whether a line of this name has come to its end; one without an end is taken when nothing more comes."""
    return lambda raw: re.search(rb"\+%s:[^\r\n]*[\r\n]" % re.escape(name), raw) is not None


def _login(link: Link, password: Password) -> Fault | None:
    if not carries(password):
        return Fault.UNFIT_PASSWORD
    said = value_of(_told(link, b"LOGIN", b"admin:" + password.login.encode("ascii")).raw, b"LOGIN")
    if said is None:
        return Fault.NO_ANSWER
    return None if said.strip(b" \0").lower() in {b"sucess", b"success"} else Fault.WRONG_PASSWORD
