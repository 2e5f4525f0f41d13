"""The rules of ``deploy/`` and the device profiles name the same cameras."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
RULE = re.compile(r'ATTR\{idVendor\}=="([0-9a-f]{4})", ATTR\{idProduct\}=="([0-9a-f]{4})"')


def test_every_camera_that_is_known_by_its_usb_id_may_be_asked_by_the_dock_and_no_other() -> None:
    profiles = [tomllib.loads(file.read_text("utf-8")) for file in (ROOT / "device_profiles").glob("*.toml")]
    known = {usb_id for profile in profiles for match in profile["match"] for usb_id in match.get("usb_ids", ())}

    ruled = [":".join(ids) for ids in RULE.findall((ROOT / "deploy" / "70-yihu.rules").read_text("utf-8"))]

    assert known
    assert sorted(ruled) == sorted(known)
