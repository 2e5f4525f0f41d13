"""What stands in front of the guest: cards, cameras with cables, and an office that takes them in."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from signal import SIGTERM
from typing import Any

from tests.hardware.guests import YIHU, Guest, Job, Ran

SAFE = "ro,nodev,nosuid,noexec"
WRITE_SAMPLE = """
import sys
from pathlib import Path
from yihu.checking import find_profile, read_both
from yihu.profile_cards import write_sample
name, root = sys.argv[1:]
write_sample(read_both(find_profile(name))[1], Path(root))
"""
STOCK = """
import json
from pathlib import Path
from yihu.wiring import Office
clips = Office.open(Path("yihu.toml").resolve()).catalog.clips()
print(json.dumps([str(clip.sha256).rpartition(":")[2] for clip in clips]))
"""
NO_RECORDING = ("System Volume Information/", "lost+found/")
COMES_TO_AN_END = {"safe", "cleared", "refused", "failed"}


@dataclass(frozen=True, slots=True)
class Card:
    """An image of a memory card in the guest, and what was put on it."""

    guest: Guest
    image: str
    partitioned: bool
    files: Mapping[str, str]
    """SHA-256 by path, as they were when the card was filled."""
    folders: Sequence[str] = ()

    def digest(self) -> str:
        """Of every bit of it."""
        return self.guest.digest(self.image)

    def now(self) -> dict[str, str]:
        """What is on it now."""
        return dict(self.guest.order("list_card", image=self.image, partitioned=self.partitioned))

    def seen_by(self, guest: Guest) -> Card:
        """The same on the disk of another guest."""
        return replace(self, guest=guest)

    def folders_now(self) -> list[str]:
        """Which folders are on it now."""
        offset = 2048 * 512 if self.partitioned else 0
        mounted = f"mount -o ro,loop,offset={offset} {self.image} /mnt && cd /mnt && find . -type d | sort; cd /; umount /mnt"
        return self.guest.run(mounted).out.split("\n")


@dataclass(frozen=True, slots=True)
class Camera:
    """A device that was plugged in."""

    guest: Guest
    name: str
    port: int
    nodes: Sequence[str]

    @property
    def volume(self) -> str:
        """The block device of its first file system."""
        return self.nodes[-1]

    def pull(self) -> None:
        self.guest.order("pull", name=self.name)

    def put_back(self) -> None:
        """Put the cable in again, and wait for nothing."""
        self.guest.order("put_back", name=self.name)

    def replug(self) -> Camera:
        found = self.guest.order("replug", name=self.name)
        return Camera(self.guest, self.name, found["port"], found["nodes"])

    def card_out(self) -> None:
        self.guest.order("card_out", name=self.name)

    def card_in(self, card: Card) -> None:
        self.guest.order("card_in", name=self.name, image=card.image)


@dataclass(slots=True)
class Dock:
    """A guest with everything a test needs."""

    guest: Guest
    _made: int = 0
    _cards: list[Card] = field(default_factory=list)

    def card(
        self,
        filesystem: str = "vfat",
        *,
        partitioned: bool = False,
        files: Mapping[str, int] | None = None,
        profile: str | None = None,
        mebibytes: int = 40,
        label: str = "",
    ) -> Card:
        """Make a card with *files* of given sizes and the sample of a *profile* on it."""
        self._made += 1
        image = f"/srv/cards/{self._made}.img"
        self.guest.order(
            "make_card",
            image=image,
            filesystem=filesystem,
            mebibytes=mebibytes,
            partitioned=partitioned,
            label=label or f"CARD{self._made}",
        )
        filled: dict[str, Any] = {
            "partitioned": partitioned,
            "files": dict(files or {}),
            "program": WRITE_SAMPLE,
            "sample": profile,
        }
        self.guest.order("fill_card", image=image, **filled)
        found = self.guest.order("list_card", image=image, partitioned=partitioned)
        card = Card(self.guest, image, partitioned, found)
        card = replace(card, folders=card.folders_now())
        self._cards.append(card)
        return card

    def plug(
        self,
        *cards: Card | None,
        serial: str | None = "",
        usb_id: str = "1234:5678",
        port: int | None = None,
        manufacturer: str = "Sample",
        product: str = "BodyCam",
        slow: int = 0,
        bad: tuple[int, int] | None = None,
        wait: bool = True,
    ) -> Camera:
        """Plug a camera with these cards in; *serial* is made up unless given, None is none."""
        self._made += 1
        name = f"camera{self._made}"
        found = self.guest.order(
            "plug",
            name=name,
            images=[card.image if card else "" for card in cards],
            usb_id=usb_id,
            serial=f"SN{self._made:04}" if serial == "" else serial,
            manufacturer=manufacturer,
            product=product,
            port=port,
            slow=slow,
            bad=bad,
            wait=wait,
        )
        return Camera(self.guest, name, found["port"], found["nodes"])

    @contextmanager
    def mounted(self, volume: str, options: str = SAFE) -> Iterator[str]:
        """Mount a volume as mount(8) does it, and let go of it even if it is gone."""
        place = f"/mnt/{volume.rpartition('/')[2]}"
        self.guest.run(f"mkdir -p {place} && mount -o {options} {volume} {place}")
        try:
            yield place
        finally:
            self.guest.run(f"umount --lazy {place}")

    def cleared_away(self) -> None:
        """Take everything off the dock, so that the next test finds it empty."""
        for name in self.guest.order("plugged"):
            self.guest.order("unplug", name=name)
        self.guest.run("udevadm settle; rm -rf /srv/cards /srv/offices")

    def office(self, name: str = "office", settings: str = "") -> Office:
        """Make an office on the guest's own disk."""
        home = f"/srv/offices/{name}"
        self.guest.run("yihu", "init", home, "--name", "测试局", "--log", f"{name}.example/yihu/rig", program=YIHU)
        made = Office(self.guest, home)
        made.set("[media]\nrender = false\n" + settings)
        return made


@dataclass(frozen=True, slots=True)
class Office:
    """An office in the guest."""

    guest: Guest
    home: str
    user: str | None = None

    def seen_by(self, guest: Guest) -> Office:
        """The same on the disk of another guest."""
        return replace(self, guest=guest)

    def set(self, lines: str) -> None:
        """Add lines to its settings."""
        path = f"{self.home}/yihu.toml"
        self.guest.run(f"cat >> {path}", stdin=f"\n{lines}")

    def yihu(self, *arguments: object, code: int | None = 0, stdin: str = "") -> Ran:
        """Run a command of the program in this office."""
        words = ("yihu", *arguments)
        return self.guest.run(*words, program=YIHU, directory=self.home, user=self.user, code=code, stdin=stdin)

    def start(self, *arguments: object) -> Job:
        """Start a command of the program in the background."""
        return self.guest.start("yihu", *arguments, program=YIHU, directory=self.home)

    def answer(self, *arguments: object, code: int | None = 0) -> Any:  # noqa: ANN401 - JSON
        """Run a command and return what it answers."""
        return self.yihu(*arguments, "--json", code=code).answer()

    def stock(self) -> list[str]:
        """SHA-256 of every clip it has."""
        return list(self.guest.python(STOCK, directory=self.home, user=self.user).answer())

    def has_taken_in(self, *cards: Card) -> None:
        """Everything on these cards is ours, once, and everything that can be verified holds."""
        stock = Counter(self.stock())
        recordings = [digest for card in cards for path, digest in card.files.items() if not path.startswith(NO_RECORDING)]
        assert stock == Counter(recordings)
        for card in cards:
            assert card.now() == card.files
        self.yihu("verify")

    @contextmanager
    def docking(self) -> Iterator[Running]:
        """Run ``yihu dock`` while inside; at the end it is told to stop, and stops well."""
        job = self.start("dock", "--json")
        job.until(lambda said: "picture" in said)
        yield Running(job)
        job.signal(SIGTERM)
        assert job.ended() == 0, job.errors


@dataclass(frozen=True, slots=True)
class Running:
    """A dock program that runs."""

    job: Job

    def until(self, is_it: Callable[[Mapping[str, Any]], object], seconds: float = 180.0) -> dict[str, Any]:
        """Return the next state of a bay that *is_it*."""
        said = self.job.until(lambda said: "bay" in said.get("change", {}) and is_it(said["change"]["bay"]), seconds)
        return dict(said["change"]["bay"])

    def bay(self, camera: Camera) -> dict[str, Any]:
        """Return how the bay of *camera* ended; what it said before counts too."""
        name = f"platform-dummy_hcd.{camera.port}-usb:1"
        for line in reversed(self.job.said):
            bay = json.loads(line).get("change", {}).get("bay")
            if bay is not None and bay["name"] == name:
                if bay["status"] in COMES_TO_AN_END:
                    return dict(bay)
                break
        return self.until(lambda bay: bay["name"] == name and bay["status"] in COMES_TO_AN_END)

    def watch(self, seconds: float) -> None:
        """Take in what it says for a while."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.job.listen(end)
