"""The pages ask for what the API has, and use what it answers: held against types made from its description."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.servers.typescript import ROOT, complaints, write_types

pytestmark = [pytest.mark.servers, pytest.mark.timeout(300)]


def test_the_pages_use_the_api_as_it_is_described(tmp_path: Path) -> None:
    """Compiled once as they are, and once with faults, to know that those would be seen."""
    web = tmp_path / "web"
    for folder in ("assets", "types"):
        shutil.copytree(ROOT / "web" / folder, web / folder)
    write_types(web / "types" / "api.d.ts")
    assert complaints(web) == []

    faults = {
        'ask("/api/nothing")).lines': "'lines' does not exist on type 'never'",
        'ask("/api/session")).nam': "'nam' does not exist",
        'ask("/api/filings", { method: "PUT", body: {} }))': "'{}' is not assignable to type 'never'",
        'ask("/api/viewings", { method: "POST", body: { clip: 1, reason: "" } })).seq': "'number' is not assignable",
    }
    lines = [f"export const fault{number} = async () => (await {fault};" for number, fault in enumerate(faults)]
    (web / "assets" / "faulty.js").write_text("\n".join(['import { ask } from "./dom.js";', *lines]), encoding="utf-8")

    found = "\n".join(complaints(web))
    assert [said for said in faults.values() if said not in found] == [], found
