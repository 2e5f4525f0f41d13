"""
The dialect of ``@Cmd;length;value;#``.

===================  ========================  ================================================
sent                 answer                    means
===================  ========================  ================================================
``@Gdv;8;…;#``       ``@Gdv;…;<id>#``          which device it is
``@Ver;8;…;#``       holds ``Ver;OK``          the password is taken
``@ATH;8;…;#``       not told                  become a volume, within about five seconds
``@Sdt;8;…;#``       not told                  set the date, ``yyyyMMdd``
``@Stm;6;…;#``       not told                  set the time, ``HHmmss``, and two zeros more
===================  ========================  ================================================

They are those of one program (grade B). It has no words for reading clock, battery or free space, nor for locking. It sends
eight fixed characters with ``Ver`` and eight other ones with ``Gdv`` and ``ATH``; as both are known as passwords of makers,
neither is built in here: the office writes down one or both (`Password`), and without them a camera is not asked who it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime

from device_profiles.fields import DialectName
from ingest.camera import Asked
from ingest.dialects import Fault, Link, Password
from ingest.dialects.words import word
from storage.errors import SourceChanged

_FRAME = re.compile(rb"@([^@#]{0,256})#")
_PASSWORD = re.compile(r"[!-~]{8}")
_SEPARATORS = frozenset(";#@")


class AtSign:
    """Speaks ``@…#``."""

    name: DialectName = "at-sign"
    asks_with_password = True

    def ask(self, link: Link, password: Password | None) -> Asked | None:
        """Ask which device it is, if the office wrote down what goes with the question."""
        if password is None or not carries(password):
            return None
        device = device_of(_said(link, b"Gdv", _questions(password)))
        return None if device is None else Asked(self.name, device)

    def unlock(self, link: Link, password: Password) -> Fault | None:
        """Log in and ask for the volume; what is answered to that is not told, so the volume itself is the answer."""
        refused = _login(link, password)
        if refused is None:
            with suppress(SourceChanged):  # it leaves the bus, maybe while it answers
                _said(link, b"ATH", _questions(password))
        return refused

    def set_clock(self, link: Link, password: Password, moment: datetime) -> Fault | None:
        """Log in again, with the password that was taken before; set the date, then the time."""
        refused = _login(link, password)
        if refused is None:
            _said(link, b"Sdt", moment.strftime("%Y%m%d"))
            _said(link, b"Stm", moment.strftime("%H%M%S00"), length=6)
        return refused

    def lock(self, link: Link) -> bool:
        """Do nothing: there are no words for it."""
        del link
        return False


def frames(raw: bytes) -> list[list[bytes]]:
    """Return the fields of every whole frame, and nothing of what is between them."""
    return [found.split(b";") for found in _FRAME.findall(raw)]


def device_of(raw: bytes) -> str | None:
    """Return the id in the first ``@Gdv;…;<id>#``; None where there is none."""
    for name, *fields in frames(raw):
        if name == b"Gdv" and len(fields) > 1:
            return word(fields[-1])
    return None


def _login(link: Link, password: Password) -> Fault | None:
    if not carries(password):
        return Fault.UNFIT_PASSWORD
    raw = _said(link, b"Ver", password.login)
    if b"Ver;OK" in raw:
        return None
    return Fault.WRONG_PASSWORD if any(name == b"Ver" for name, *_ in frames(raw)) else Fault.NO_ANSWER


def _said(link: Link, name: bytes, value: str, *, length: int = 8) -> bytes:
    return link.exchange(b"@%s;%d;%s;#" % (name, length, value.encode("ascii")), _is_whole(name)).raw


def _is_whole(name: bytes) -> Callable[[bytes], bool]:
    return lambda raw: any(frame[0] == name for frame in frames(raw))


def _questions(password: Password) -> str:
    return password.with_questions or password.login


def carries(password: Password) -> bool:
    """Say whether the dialect has room for *password*: eight characters, none of which ends a field."""
    return all(_PASSWORD.fullmatch(one) and not _SEPARATORS & set(one) for one in (password.login, _questions(password)))
