"""The last step of the way of a clip: a review copy and a poster, made once and recorded once."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from ingest.tools import find_tools
from storage.clips import DEPOSITED, RENDERED
from tests.crashes.offices import faults, fill, footage, founded_to_render, opened, take_in
from yihu.footage import Medium, Scene, record
from yihu.wiring import Office


@pytest.fixture
def card(tmp_path: Path) -> Path:
    """A card with two clips."""
    return fill(tmp_path / "card", footage(2, size=3_000_000))


@pytest.mark.media
class TestRendering:
    @pytest.fixture
    def rendering(self, tmp_path: Path) -> Office:
        """An office that renders."""
        return founded_to_render(tmp_path / "rendering")

    @pytest.fixture
    def film(self, tmp_path: Path) -> Path:
        """A card with one real film."""
        (tmp_path / "film").mkdir()
        record(tmp_path / "film" / "1.MP4", medium=Medium.H264, scene=Scene(1, "160x120"), tools=find_tools(None))
        return tmp_path / "film"

    def test_a_clip_ends_as_something_to_play(self, rendering: Office, film: Path) -> None:
        take_in(rendering, film)

        (clip,) = rendering.catalog.clips()
        made = rendering.catalog.derivatives(clip.subject)
        assert (clip.state, set(made)) == (RENDERED, {"review", "poster"})
        assert faults(rendering, {"DEMO-1": film}) == []

    def test_a_spool_that_was_lost_after_the_deposit_is_made_up_for_from_the_store(self, rendering: Office, film: Path) -> None:
        self.deposited_only(rendering, film)
        shutil.rmtree(next(rendering.spool.berths()).original.parent)

        assert opened(rendering.home).pipeline().advance() == ()
        assert rendering.catalog.clips()[0].state == RENDERED
        assert faults(rendering, {"DEMO-1": film}) == []

    def test_a_crash_while_fetching_from_the_store_is_gone_on_with(self, rendering: Office, film: Path) -> None:
        """A berth without its bytes must not be taken for a clip that cannot be played."""
        self.deposited_only(rendering, film)
        berth = next(rendering.spool.berths())
        berth.original.unlink()
        berth.original.with_name("reading.json").unlink()

        assert opened(rendering.home).pipeline().advance() == ()
        (clip,) = rendering.catalog.clips()
        assert "unplayable" not in clip.findings
        assert "review" in rendering.catalog.derivatives(clip.subject)
        assert faults(rendering, {"DEMO-1": film}) == []

    @pytest.mark.parametrize("plan", [b"", b"{", b'{"outputs": [{"file": "gone.mp4"}]}'])
    def test_a_plan_that_the_disk_lost_is_made_again(self, rendering: Office, film: Path, plan: bytes) -> None:
        self.deposited_only(rendering, film)
        derived = next(rendering.spool.berths()).derived
        derived.mkdir(exist_ok=True)
        (derived / "rendering.json").write_bytes(plan)

        assert opened(rendering.home).pipeline().advance() == ()
        assert faults(rendering, {"DEMO-1": film}) == []

    def test_another_tool_may_give_other_bytes_after_some_were_stored(self, rendering: Office, film: Path) -> None:
        """The spool was lost between storing and recording a copy: the new one does not stand in the way of the old."""
        self.deposited_only(rendering, film)
        berth = next(rendering.spool.berths())
        other = berth.derived / "review.mp4"
        other.parent.mkdir(exist_ok=True)
        other.write_bytes(b"made by an older ffmpeg")
        name = {"file": "review.mp4", "kind": "review", "media_type": "video/mp4", "recipe": "x", "recipe_digest": "x"}
        deriving = rendering.pipeline().steps.deriving
        assert deriving is not None
        deriving._stored(rendering.catalog.clips()[0], other, dict(name))
        shutil.rmtree(berth.original.parent)

        assert opened(rendering.home).pipeline().advance() == ()
        assert rendering.catalog.clips()[0].state == RENDERED

    def deposited_only(self, rendering: Office, film: Path) -> None:
        """Take *film* in up to the store, as if the process had died before it began to render."""
        settings = rendering.home / "yihu.toml"
        text = settings.read_text()
        settings.write_text(text + "\n[media]\nrender = false\n")
        office = opened(rendering.home)
        pipeline = office.pipeline()
        spool = office.spool
        assert pipeline.steps.deriving is None
        pipeline.ingest(film, device="DEMO-1")
        settings.write_text(text)
        clip = office.catalog.clips()[0]
        assert clip.state == DEPOSITED
        berth = spool.claim(clip.subject, {"fetched": clip.object_version})
        with (film / "1.MP4").open("rb") as file:
            berth.secure(file, expected_size=clip.size)
        office.engine.dispose()


def test_an_office_that_stops_rendering_leaves_nothing_in_the_spool(office: Office, card: Path) -> None:
    take_in(office, card)
    clip = office.catalog.clips()[0]
    berth = office.spool.claim(clip.subject, {"fetched": clip.object_version})
    assert berth.state == "claimed"

    assert office.pipeline().advance() == ()

    assert faults(office, {"DEMO-1": card}) == []
