"""The unit of ``deploy/`` as an office installs it: an unprivileged user, one capability, and cameras all the same."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hardware.dock import Dock, Office, Running
from tests.hardware.guests import PROGRAM, YIHU

pytestmark = [pytest.mark.hardware, pytest.mark.timeout(900)]

DEPLOY = Path(__file__).parent.parent.parent / "deploy"
UNIT = "yihu-dock.service"
HOME = "/var/lib/yihu"
HERE = f"""[Service]
Environment=PYTHONPATH={PROGRAM["PYTHONPATH"]} PYTHONDONTWRITEBYTECODE=1
ExecStart=
ExecStart=/usr/bin/python3 -m yihu dock --json --config {HOME}/yihu.toml
"""
"""What differs here: where the program lies."""


@pytest.fixture
def installed(dock: Dock) -> Iterator[Office]:
    guest = dock.guest
    guest.write(f"/etc/systemd/system/{UNIT}", (DEPLOY / UNIT).read_bytes())
    guest.write(f"/etc/systemd/system/{UNIT}.d/here.conf", HERE)
    guest.write("/etc/udev/rules.d/70-yihu.rules", (DEPLOY / "70-yihu.rules").read_bytes())
    guest.write("/usr/lib/sysusers.d/yihu.conf", (DEPLOY / "yihu.sysusers").read_bytes())
    guest.run("systemd-sysusers && install -d -o yihu -g yihu -m 0750 /var/lib/yihu")
    guest.run("udevadm control --reload && systemctl daemon-reload")
    guest.run("yihu", "init", HOME, "--name", "测试局", "--log", "service.example/yihu/rig", program=YIHU, user="yihu")
    office = Office(guest, HOME, user="yihu")
    office.set("[media]\nrender = false\n")
    yield office
    guest.run(f"systemctl stop {UNIT}; rm -rf {HOME} /etc/systemd/system/{UNIT}* /etc/udev/rules.d/70-yihu.rules")
    guest.run("systemctl daemon-reload; udevadm control --reload")


def test_the_service_takes_a_camera_in_as_an_unprivileged_user(dock: Dock, installed: Office) -> None:
    """And what it mounted is seen by nobody else."""
    guest = dock.guest
    card = dock.card("vfat", profile="generic-dcim")
    before = card.digest()
    assert guest.run(f"systemd-analyze verify /etc/systemd/system/{UNIT}").err == ""

    guest.run(f"systemctl start {UNIT}")
    said = guest.start("journalctl", "--follow", "--lines=all", "--output=cat", f"_SYSTEMD_UNIT={UNIT}")
    said.until(lambda line: "picture" in line)
    camera = dock.plug(card)
    bay = Running(said).bay(camera)
    node = guest.run(
        f"stat -c '%U %G %a' {camera.volume}; udevadm info --query=property {camera.volume} | grep UDISKS_IGNORE"
    ).out
    who = guest.run(
        f"ps -o user= -p $(systemctl show -P MainPID {UNIT}); grep -c {HOME}/mounts /proc/mounts", code=1
    ).out.split()
    exposure = guest.run(f"systemd-analyze security --no-pager {UNIT} | tail -n 1").out
    guest.run(f"systemctl stop {UNIT}")

    assert bay["status"] == "safe", bay
    assert node.split() == ["root", "yihu", "640", "UDISKS_IGNORE=1"]
    assert who == ["yihu", "0"]
    assert float(exposure.split(":")[1].split()[0]) < 4.0, exposure
    assert card.digest() == before
    installed.has_taken_in(card)
