"""The unit of ``deploy/`` as an office installs it, and a witness in other hands."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from signal import SIGINT
from typing import Any, Final

from tests.hardware.dock import NO_RECORDING, Camera, Card, Office
from tests.hardware.guests import PROGRAM, YIHU, Guest, Job, Silence

DEPLOY: Final = Path(__file__).parent.parent.parent / "deploy"
UNIT: Final = "yihu-dock.service"
HOME: Final = "/var/lib/yihu"
HERE: Final = f"""[Service]
Environment=PYTHONPATH={PROGRAM["PYTHONPATH"]} PYTHONDONTWRITEBYTECODE=1
StandardOutput=journal
ExecStart=
ExecStart=/usr/bin/python3 -m yihu dock --json --config {HOME}/yihu.toml
"""
"""What differs here: where the program lies."""
WITNESS: Final = "/srv/witness"
VKEY: Final = """
from pathlib import Path
from yihu.wiring import Office
print(Office.open(Path("yihu.toml").resolve()).log.vkey)
"""
CLEARS: Final = '[clear]\npolicy = "at-once"\ntrust_folder_store = true\n'


def install(guest: Guest, settings: str = "") -> Office:
    """Install the service, and found its office."""
    guest.write(f"/etc/systemd/system/{UNIT}", (DEPLOY / UNIT).read_bytes())
    guest.write(f"/etc/systemd/system/{UNIT}.d/here.conf", HERE)
    guest.write("/etc/udev/rules.d/70-yihu.rules", (DEPLOY / "70-yihu.rules").read_bytes())
    guest.write("/usr/lib/sysusers.d/yihu.conf", (DEPLOY / "yihu.sysusers").read_bytes())
    guest.run("systemd-sysusers && install -d -o yihu -g yihu -m 0750 /var/lib/yihu")
    guest.run("udevadm control --reload && systemctl daemon-reload")
    guest.run("yihu", "init", HOME, "--name", "测试局", "--log", "service.example/yihu/rig", program=YIHU, user="yihu")
    office = Office(guest, HOME, user="yihu")
    office.set("[media]\nrender = false\n" + settings)
    return office


def uninstall(guest: Guest) -> None:
    """Take the service and its office away."""
    guest.run(f"systemctl stop {UNIT}; rm -rf {HOME} {WITNESS} /etc/systemd/system/{UNIT}* /etc/udev/rules.d/70-yihu.rules")
    guest.run("systemctl daemon-reload; udevadm control --reload")


@contextmanager
def witnessed(office: Office) -> Iterator[None]:
    """Have a witness outside the bureau answer while inside; it keeps what it knows when it is started again."""
    guest = office.guest
    if guest.run(f"test -e {WITNESS}", code=None).code:
        key = guest.run("yihu", "witness", "init", WITNESS, "--name", "outside.example/w1", "--json", program=YIHU).answer()
        log = guest.python(VKEY, directory=office.home, user=office.user).out.strip()
        guest.run("yihu", "witness", "watch", log, "--dir", WITNESS, program=YIHU)
        outside = ("http://127.0.0.1:8301", "--administrator", "检察院")
        office.yihu("witness", "add", "outside", key["verifier_key"], *outside)
    serving = guest.start("yihu", "witness", "serve", "--dir", WITNESS, program=YIHU)
    serving.until_line("witness: ")
    try:
        yield
    finally:
        if guest.machine.has_power:
            serving.signal(SIGINT)
            serving.ended()


@dataclass(slots=True)
class Service:
    """The service while it runs: what its bays say, the last of each."""

    job: Job
    bays: dict[str, dict[str, Any]] = field(default_factory=dict)

    def bay(self, camera: Camera) -> dict[str, Any]:
        """Return how the bay of *camera* stands."""
        return self.bays.get(_place(camera), {"status": "", "error": ""})

    def until(self, camera: Camera, *statuses: str) -> dict[str, Any]:
        """Wait until the bay of *camera* stands at one of *statuses*."""
        return self.until_at(_place(camera), *statuses)

    def until_at(self, place: str, *statuses: str, seconds: float = 180.0) -> dict[str, Any]:
        """Wait until the bay at *place* stands at one of *statuses*."""
        while place not in self.bays or self.bays[place]["status"] not in statuses:
            self._hear(seconds)
        return self.bays[place]

    def until_at_rest(self, cameras: Sequence[Camera], seconds: float = 240.0) -> list[dict[str, Any]]:
        """Wait until nothing is left to do for any of *cameras*."""
        while any(not _is_at_rest(self.bay(camera)) for camera in cameras):
            self._hear(seconds)
        return [self.bay(camera) for camera in cameras]

    def hear_for(self, seconds: float) -> None:
        """Take in what is said for a while."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            with suppress(Silence):
                self._hear(left)

    def _hear(self, seconds: float) -> None:
        said = self.job.until(lambda line: "bay" in line.get("change", {}), seconds)
        self.bays[said["change"]["bay"]["name"]] = said["change"]["bay"]


def _place(camera: Camera) -> str:
    return f"platform-dummy_hcd.{camera.port}-usb:1"


def _is_at_rest(bay: dict[str, Any]) -> bool:
    return bay["status"] == "cleared" or (bay["status"] == "safe" and not bay["error"])


@contextmanager
def serving(guest: Guest) -> Iterator[Service]:
    """Run the service while inside; at the end it is told to stop, and stops well."""
    guest.run(f"systemctl start {UNIT}")
    this_run = guest.run(f"systemctl show -P InvocationID {UNIT}").out.strip()
    job = guest.start("journalctl", "--follow", "--lines=all", "--output=cat", f"_SYSTEMD_INVOCATION_ID={this_run}")
    job.until(lambda line: "picture" in line)
    yield Service(job)
    if guest.machine.has_power:
        guest.run(f"systemctl stop {UNIT} && test $(systemctl show -P Result {UNIT}) = success")


def stays(card: Card) -> dict[str, str]:
    """Return what a card keeps when it is cleared."""
    return {path: digest for path, digest in card.files.items() if path.startswith(NO_RECORDING)}


def was_cleared(office: Office, *cards: Card) -> None:
    """Everything that was on *cards* is ours, once; nothing else is gone from them; every clearing has its receipt."""
    recordings = [digest for card in cards for path, digest in card.files.items() if path not in stays(card)]
    assert Counter(office.stock()) == Counter(recordings)
    for card in cards:
        assert card.now() == stays(card)
        assert card.folders_now() == card.folders
    cleared = 0
    for path in office.guest.run(f"ls {office.home}/receipts/*.receipt").out.split():
        cleared += office.answer("receipt", "verify", path)["removed"]
    assert cleared == len(recordings)
    office.yihu("verify")
