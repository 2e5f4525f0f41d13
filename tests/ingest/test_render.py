"""
That there is something to play and to see, made the same way every time, or a finding that says why not.
"""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import pytest

from ingest.probe import Facts, Finding, StreamKind, facts
from ingest.recipes import OutputKind, plays_already
from ingest.render import Output, Rendering, judge, patience, render
from ingest.tools import Tools, file_url, run
from storage.errors import NotFound, StorageUnavailable
from storage.evidence import Algorithm, Digest, MediaKind
from yihu.footage import Medium, Scene, record

pytestmark = pytest.mark.media


def _rendered(path: Path, tools: Tools, out: Path) -> Rendering:
    return render(path, facts=facts(path, tools), tools=tools, out=out)


def _recipes(rendering: Rendering) -> list[str]:
    return [output.recipe for output in rendering.outputs]


def _review(rendering: Rendering) -> Output:
    return next(output for output in rendering.outputs if output.kind is OutputKind.REVIEW)


def _cut(source: Path, target: Path) -> Path:
    data = source.read_bytes()
    target.write_bytes(data[: len(data) * 6 // 10])
    return target


class TestHealthyClips:
    @pytest.mark.parametrize(
        ("medium", "recipes"),
        [
            (Medium.H264, ["review/remux-1", "poster/frame-1"]),
            (Medium.H264_SILENT, ["review/remux-1", "poster/frame-1"]),
            (Medium.HEVC, ["review/h264-1", "poster/frame-1"]),
            (Medium.MJPEG, ["review/h264-1", "poster/frame-1"]),
            (Medium.PHOTO, ["poster/photo-1"]),
            (Medium.WAV, ["review/aac-1"]),
            (Medium.AAC, ["review/aac-1"]),
        ],
    )
    def test_become_what_a_browser_plays(
        self, each_ffmpeg: Tools, clips: dict[Medium, Path], tmp_path: Path, medium: Medium, recipes: list[str]
    ) -> None:
        rendering = _rendered(clips[medium], each_ffmpeg, tmp_path / "out")

        assert _recipes(rendering) == recipes
        assert rendering.findings == ()
        assert {path.name for path in (tmp_path / "out").iterdir()} == {output.path.name for output in rendering.outputs}
        for output in rendering.outputs:
            made = facts(output.path, each_ffmpeg)
            assert made.findings == ()
            assert made.kind is not MediaKind.VIDEO or plays_already(made)

    def test_come_with_everything_an_entry_needs(self, tools: Tools, clips: dict[Medium, Path], tmp_path: Path) -> None:
        review, poster = _rendered(clips[Medium.HEVC], tools, tmp_path).outputs

        assert (review.media_type, poster.media_type) == ("video/mp4", "image/jpeg")
        assert (review.path, poster.path) == (tmp_path / "review.mp4", tmp_path / "poster.jpg")
        assert review.recipe_digest != poster.recipe_digest

    def test_the_same_clip_gives_the_same_bytes_again(
        self, each_ffmpeg: Tools, clips: dict[Medium, Path], tmp_path: Path
    ) -> None:
        first, second = (_rendered(clips[Medium.MJPEG], each_ffmpeg, tmp_path / out) for out in "ab")

        assert [one.path.read_bytes() for one in first.outputs] == [one.path.read_bytes() for one in second.outputs]

    def test_playing_can_start_before_all_is_loaded(self, tools: Tools, clips: dict[Medium, Path], tmp_path: Path) -> None:
        data = _review(_rendered(clips[Medium.H264_SILENT], tools, tmp_path)).path.read_bytes()

        assert data.index(b"moov") < data.index(b"mdat")

    @pytest.mark.parametrize("size", ["2560x1440", "1440x2560", "321x181"], ids=["wide", "upright", "odd"])
    def test_pictures_fit_the_page(self, tools: Tools, tmp_path: Path, size: str) -> None:
        clip = tmp_path / "large"
        source = ["-f", "lavfi", "-i", "testsrc2=rate=10:duration=0.2", "-s", size, "-c:v", "mjpeg", "-f", "avi"]
        run([str(tools.ffmpeg), "-v", "error", *source, file_url(clip)], timeout=timedelta(minutes=1))

        sizes = {}
        for output in _rendered(clip, tools, tmp_path / "out").outputs:
            picture = facts(output.path, tools).first(StreamKind.VIDEO)
            assert picture
            sizes[output.kind] = picture.width, picture.height

        assert (
            sizes
            == {
                "2560x1440": {OutputKind.REVIEW: (1920, 1080), OutputKind.POSTER: (640, 360)},
                "1440x2560": {OutputKind.REVIEW: (1080, 1920), OutputKind.POSTER: (360, 640)},
                "321x181": {OutputKind.REVIEW: (320, 180), OutputKind.POSTER: (321, 181)},
            }[size]
        )

    def test_progress_is_told_of_the_review_copy(self, tools: Tools, clips: dict[Medium, Path], tmp_path: Path) -> None:
        heard: list[timedelta] = []
        clip = clips[Medium.HEVC]

        render(clip, facts=facts(clip, tools), tools=tools, out=tmp_path, progress=heard.append)

        assert timedelta(seconds=1.8) < max(heard) < timedelta(seconds=2.2)

    @pytest.mark.parametrize("name", [b"-y", b"%d '\"$(id).mp4", "询问笔录.MP4".encode("gbk")])
    def test_a_name_is_only_a_name(self, tools: Tools, clips: dict[Medium, Path], tmp_path: Path, name: bytes) -> None:
        path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name))
        path.write_bytes(clips[Medium.H264].read_bytes())

        assert _recipes(_rendered(path, tools, tmp_path / "out")) == ["review/remux-1", "poster/frame-1"]


class TestDamagedClips:
    @pytest.mark.parametrize("medium", [Medium.H264, Medium.MJPEG, Medium.WAV, Medium.PHOTO])
    def test_what_can_be_played_is_salvaged(
        self, each_ffmpeg: Tools, clips: dict[Medium, Path], tmp_path: Path, medium: Medium
    ) -> None:
        cut = _cut(clips[medium], tmp_path / "cut")

        rendering = _rendered(cut, each_ffmpeg, tmp_path / "out")

        assert rendering.findings == (Finding.TRUNCATED, Finding.SALVAGED)
        assert rendering.outputs
        length = facts(rendering.outputs[0].path, each_ffmpeg).duration
        assert length is None or length < timedelta(seconds=2)

    def test_without_an_index_nothing_plays_and_that_is_a_finding(
        self, each_ffmpeg: Tools, clips: dict[Medium, Path], tmp_path: Path
    ) -> None:
        cut = _cut(clips[Medium.H264_SILENT], tmp_path / "cut")

        rendering = _rendered(cut, each_ffmpeg, tmp_path / "out")

        assert rendering == Rendering((), (Finding.UNREADABLE, Finding.TRUNCATED, Finding.UNPLAYABLE))

    def test_what_cannot_be_wrapped_is_transcoded(self, tools: Tools, clips: dict[Medium, Path], tmp_path: Path) -> None:
        """
        A clip may say that it is H.264 and not be: what is tried first need not be what works.
        """
        path = clips[Medium.MJPEG]
        pretended = facts(clips[Medium.H264], tools)

        assert _recipes(render(path, facts=pretended, tools=tools, out=tmp_path)) == ["review/h264-1", "poster/frame-1"]

    @pytest.mark.parametrize("percent", [10, 40, 80])
    def test_noise_in_the_middle_ends_in_a_derivative_or_a_finding(
        self, tools: Tools, clips: dict[Medium, Path], tmp_path: Path, percent: int
    ) -> None:
        data = bytearray(clips[Medium.H264].read_bytes())
        start = len(data) * percent // 100
        data[start : start + 2000] = bytes(range(256)) * 8
        (tmp_path / "noisy").write_bytes(data)

        rendering = _rendered(tmp_path / "noisy", tools, tmp_path / "out")

        assert rendering.outputs or rendering.findings

    @pytest.mark.parametrize(
        ("content", "findings"),
        [(b"", (Finding.EMPTY, Finding.UNPLAYABLE)), (b"some text\n" * 99, (Finding.NOT_MEDIA,))],
        ids=["empty", "text"],
    )
    def test_only_of_footage_it_is_said_that_it_does_not_play(
        self, tools: Tools, tmp_path: Path, content: bytes, findings: tuple[Finding, ...]
    ) -> None:
        (tmp_path / "file").write_bytes(content)

        assert _rendered(tmp_path / "file", tools, tmp_path / "out") == Rendering((), findings)

    def test_a_clip_that_takes_too_long_is_unplayable(
        self, tools: Tools, clips: dict[Medium, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("ingest.render._LONGEST_RUN", timedelta(0))

        rendering = _rendered(clips[Medium.MJPEG], tools, tmp_path)

        assert rendering == Rendering((), (Finding.UNPLAYABLE,))
        assert list(tmp_path.iterdir()) == []

    def test_a_clip_may_claim_a_year_but_nobody_waits_a_day(self) -> None:
        assert patience(Facts(MediaKind.VIDEO, 1, duration=timedelta(days=365))) == timedelta(hours=6)
        assert patience(Facts(MediaKind.VIDEO, 1 << 50)) == timedelta(hours=6)
        assert patience(Facts(MediaKind.VIDEO, 0)) == timedelta(minutes=2)

    def test_a_film_with_a_poster_but_without_a_review_copy_is_unplayable(self) -> None:
        poster = Output(
            OutputKind.POSTER, Path("poster.jpg"), "image/jpeg", "poster/frame-1", Digest(Algorithm.SHA256, bytes(32))
        )

        assert judge(Facts(MediaKind.VIDEO, 1), [poster]) == (Finding.UNPLAYABLE,)

    def test_a_clip_that_is_cut_off_is_decoded_to_its_last_whole_picture(
        self, each_ffmpeg: Tools, clips: dict[Medium, Path], tmp_path: Path
    ) -> None:
        """
        Chromium gives a clip up at the first picture it cannot decode.
        """
        review = _review(_rendered(_cut(clips[Medium.H264], tmp_path / "cut"), each_ffmpeg, tmp_path / "out"))

        decoding = ["-v", "error", "-xerror", "-i", file_url(review.path), "-f", "null", "-"]
        ended = run([str(each_ffmpeg.ffmpeg), *decoding], timeout=timedelta(minutes=1))
        assert (ended.code, ended.tail) == (0, "")


class TestWhatIsNotTheClipsFault:
    def test_a_clip_that_is_gone_is_an_error(self, tools: Tools, clips: dict[Medium, Path], tmp_path: Path) -> None:
        with pytest.raises(NotFound):
            render(tmp_path / "gone", facts=facts(clips[Medium.H264], tools), tools=tools, out=tmp_path)

    def test_no_room_is_an_error(self, tools: Tools, clips: dict[Medium, Path], tmp_path: Path) -> None:
        (tmp_path / "out").touch()

        with pytest.raises(StorageUnavailable):
            _rendered(clips[Medium.H264], tools, tmp_path / "out")

    def test_a_full_disk_is_an_error_and_no_finding(self, tools: Tools, clips: dict[Medium, Path], tmp_path: Path) -> None:
        (tmp_path / "review.mp4.part").symlink_to("/dev/full")

        with pytest.raises(StorageUnavailable, match="full"):
            _rendered(clips[Medium.H264], tools, tmp_path)

    def test_cancelling_stops_and_leaves_nothing_half_done(
        self, tools: Tools, clips: dict[Medium, Path], tmp_path: Path
    ) -> None:
        def cancelled(_: timedelta) -> None:
            raise KeyboardInterrupt

        clip = clips[Medium.MJPEG]
        with pytest.raises(KeyboardInterrupt):
            render(clip, facts=facts(clip, tools), tools=tools, out=tmp_path, progress=cancelled)

        assert list(tmp_path.iterdir()) == []

    def test_what_a_crash_left_behind_is_overwritten(self, tools: Tools, clips: dict[Medium, Path], tmp_path: Path) -> None:
        for name in ("review.mp4.part", "review.mp4", "poster.jpg.part"):
            (tmp_path / name).write_bytes(b"half")

        rendering = _rendered(clips[Medium.H264], tools, tmp_path)

        assert {path.name for path in tmp_path.iterdir()} == {"review.mp4", "poster.jpg"}
        assert rendering.findings == ()

    def test_sample_footage_that_cannot_be_made_is_an_error(self, tools: Tools, tmp_path: Path) -> None:
        with pytest.raises(StorageUnavailable, match="sample footage"):
            record(tmp_path / "missing" / "a.mp4", medium=Medium.H264, scene=Scene(1), tools=tools)
