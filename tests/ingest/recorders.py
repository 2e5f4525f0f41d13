"""
Recorders with a login, as far as the sources tell: bytes in, bytes out, and what they remember of it.

Written from the tables in ``ingest/dialects`` and not from a camera: that our questions fit these answers shows that the two
sides of one description agree, not that the description is right. Only the standard library is used, so that it also runs
behind a real USB gadget.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime


@dataclass
class Recorder:
    """What all of them have."""

    device: str = "A1B2C3D"
    officer: str = "000001"
    password: str = "654321"  # noqa: S105 - made up
    clock: datetime = datetime(2026, 11, 24, 16, 0, 7)  # noqa: DTZ001 - a camera's clock has no zone
    battery: str = "87"
    is_volume: bool = False
    is_open: bool = False
    commands: list[bytes] = field(default_factory=list)
    """Everything it was told, in order."""

    def hear(self, told: bytes) -> bytes:
        """Take what comes over the wire and give what goes back."""
        self.commands.append(told)
        return self.answer(told)

    def answer(self, told: bytes) -> bytes:
        """Be silent: which words are known is for the dialects."""
        del told
        return b""

    @property
    def passwords_tried(self) -> int:
        """How often somebody tried to log in."""
        return sum(b"LOGIN=" in told or told.startswith(b"@Ver") for told in self.commands)


@dataclass
class BcRecorder(Recorder):
    """One that speaks ``BC+``."""

    zone: str = ",480,0"

    def answer(self, told: bytes) -> bytes:
        """Answer by one line."""
        line = told.strip()
        questions = {
            b"BC+SYSTIME?": f"+SYSTIME:{self.clock:%Y%m%d%H%M%S}{self.zone}".encode(),
            b"BC+GBCFG?": f"+GBCFG:{self.device},{self.officer},样例员,D-1,样例局".encode("gbk"),
            b"BC+BATVAL?": f"+BATVAL:{self.battery}".encode(),
        }
        if line in questions:
            return questions[line] + b"\r\n"
        if line.startswith(b"BC+LOGIN="):
            self.is_open = line == b"BC+LOGIN=admin:" + self.password.encode()
            return b"+LOGIN:Sucess\r\n" if self.is_open else b"+LOGIN:Fail\r\n"
        return self._told(line) if self.is_open else b"+ERROR\r\n"

    def _told(self, line: bytes) -> bytes:
        if line in {b"BC+UDISKEN=1", b"BC+UDISKEN=0"}:
            self.is_volume = line.endswith(b"1")
            return b""
        if found := re.fullmatch(rb"BC\+SYSTIME=([0-9]{14})", line):
            self.clock = datetime.strptime(found[1].decode(), "%Y%m%d%H%M%S")  # noqa: DTZ007 - the same
            return b"+SYSTIME:OK\r\n"
        return b"+ERROR\r\n"


@dataclass
class AtRecorder(Recorder):
    """One that speaks ``@…#``."""

    password: str = "87654321"  # noqa: S105 - made up
    questions: str = "11112222"
    """What it wants with every command but the login."""

    def answer(self, told: bytes) -> bytes:
        """Answer by one frame."""
        found = re.fullmatch(rb"@([A-Za-z]{3});([0-9]+);([^;#]*);#", told)
        name, value = (found[1], found[3].decode()) if found else (b"", "")
        if name == b"Ver":
            self.is_open = value == self.password
            return b"@Ver;OK;#" if self.is_open else b"@Ver;ERR;#"
        if name == b"Gdv":
            return f"@Gdv;8;{self.device}#".encode() if value == self.questions else b"@Gdv;ERR#"
        if self.is_open and name == b"ATH" and value == self.questions:
            self.is_volume = True
        if self.is_open and name == b"Sdt":
            day = datetime.strptime(value, "%Y%m%d")  # noqa: DTZ007 - a camera's clock has no zone
            self.clock = self.clock.replace(year=day.year, month=day.month, day=day.day)
        if self.is_open and name == b"Stm":
            self.clock = self.clock.replace(hour=int(value[:2]), minute=int(value[2:4]), second=int(value[4:6]))
        return b""
