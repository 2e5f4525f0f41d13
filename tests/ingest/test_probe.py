"""
What is said of a media file, and that bad media only ever gives findings.
"""

from __future__ import annotations

import math
import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.probe import Facts, Finding, Stream, StreamKind, facts, interpret
from ingest.structure import Container, Structure
from ingest.tools import Tools, file_url, run
from storage.errors import NotFound, StorageUnavailable
from storage.evidence import MediaKind
from yihu.footage import Medium

pytestmark = pytest.mark.media

_MP4 = Structure(Container.MP4)
_FILM: dict[str, Any] = {
    "streams": [{"codec_type": "video", "codec_name": "h264", "avg_frame_rate": "30000/1001", "width": 640, "height": 360}],
    "format": {"format_name": "mov,mp4,m4a,3gp,3g2,mj2", "duration": "2.000000", "probe_score": 100},
}


def _film(**changes: object) -> Facts:
    return interpret({**_FILM, "format": {**_FILM["format"], **changes}}, shape=_MP4, size=1)


class TestHealthyFiles:
    @pytest.mark.parametrize(
        ("medium", "kind", "codecs"),
        [
            (Medium.H264, MediaKind.VIDEO, ["h264", "aac"]),
            (Medium.H264_SILENT, MediaKind.VIDEO, ["h264"]),
            (Medium.HEVC, MediaKind.VIDEO, ["hevc", "aac"]),
            (Medium.MJPEG, MediaKind.VIDEO, ["mjpeg", "pcm_s16le"]),
            (Medium.PHOTO, MediaKind.PHOTO, ["mjpeg"]),
            (Medium.WAV, MediaKind.AUDIO, ["pcm_s16le"]),
            (Medium.AAC, MediaKind.AUDIO, ["aac"]),
        ],
    )
    def test_are_described_without_findings(
        self, each_ffmpeg: Tools, clips: dict[Medium, Path], medium: Medium, kind: MediaKind, codecs: list[str]
    ) -> None:
        found = facts(clips[medium], each_ffmpeg)

        assert found.kind is kind
        assert [stream.codec for stream in found.streams] == codecs
        assert found.findings == ()
        if kind is not MediaKind.PHOTO:
            assert found.duration is not None
            assert abs(found.duration - timedelta(seconds=2)) < timedelta(seconds=0.1)

    def test_say_what_their_streams_are(self, tools: Tools, clips: dict[Medium, Path]) -> None:
        found = facts(clips[Medium.H264], tools)

        assert found.first(StreamKind.VIDEO) == Stream(StreamKind.VIDEO, "h264", "yuv420p", 320, 180, frame_rate="25")
        assert found.first(StreamKind.AUDIO) == Stream(StreamKind.AUDIO, "aac", sample_rate=48000, channels=1)

    def test_say_when_they_claim_to_be_made(self, tools: Tools, clips: dict[Medium, Path], tmp_path: Path) -> None:
        stamp = ["-metadata", "creation_time=2026-11-18T01:05:12Z", "-f", "mp4", file_url(tmp_path / "stamped")]
        run(
            [str(tools.ffmpeg), "-v", "error", "-i", file_url(clips[Medium.H264]), "-c", "copy", *stamp],
            timeout=timedelta(minutes=1),
        )

        assert facts(tmp_path / "stamped", tools).created == "2026-11-18T01:05:12.000000Z"

    @pytest.mark.parametrize("name", [b"-o.mp4", b"a%03d.jpg", b"http:x", "询问.MP4".encode("gbk"), b"a\nb'\"$(x)", b"x.wav"])
    def test_may_have_any_name(self, tools: Tools, clips: dict[Medium, Path], tmp_path: Path, name: bytes) -> None:
        path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name))
        path.write_bytes(clips[Medium.PHOTO].read_bytes())

        assert facts(path, tools).kind is MediaKind.PHOTO


class TestDamage:
    def test_an_empty_file_is_empty(self, tools: Tools, tmp_path: Path) -> None:
        (tmp_path / "empty.mp4").touch()

        assert facts(tmp_path / "empty.mp4", tools) == Facts(MediaKind.OTHER, 0, findings=(Finding.EMPTY,))

    @pytest.mark.parametrize(
        ("medium", "findings"),
        [
            (Medium.H264, {Finding.TRUNCATED}),
            (Medium.H264_SILENT, {Finding.UNREADABLE, Finding.TRUNCATED}),
            (Medium.MJPEG, {Finding.TRUNCATED}),
            (Medium.PHOTO, {Finding.TRUNCATED}),
            (Medium.WAV, {Finding.TRUNCATED}),
        ],
        ids=["index in front", "index at the end", "AVI", "JPEG", "WAV"],
    )
    def test_a_file_cut_off_in_the_middle_is_truncated(
        self, each_ffmpeg: Tools, clips: dict[Medium, Path], tmp_path: Path, medium: Medium, findings: set[Finding]
    ) -> None:
        data = clips[medium].read_bytes()
        (tmp_path / "cut").write_bytes(data[: len(data) * 6 // 10])

        assert set(facts(tmp_path / "cut", each_ffmpeg).findings) == findings

    @pytest.mark.parametrize(
        "content",
        [
            b"hello",
            b"$GPGGA,010512.00,3001.0000,N,12001.0000,E,1,08,1.0,12.0,M,0.0,M,,*6A\r\n" * 50,
            bytes(range(256)) * 200,
            b"\0" * 50_000,
        ],
        ids=["text", "track", "noise", "zeros"],
    )
    @pytest.mark.parametrize("name", ["a.mp4", "a.jpg"])
    def test_what_is_no_media_is_called_so_whatever_its_name(
        self, each_ffmpeg: Tools, tmp_path: Path, content: bytes, name: str
    ) -> None:
        (tmp_path / name).write_bytes(content)

        assert facts(tmp_path / name, each_ffmpeg).findings == (Finding.NOT_MEDIA,)

    @pytest.mark.parametrize(
        "playlist",
        [
            "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n{target}\n#EXT-X-ENDLIST\n",
            "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nhttp://127.0.0.1:9/x.ts\n#EXT-X-ENDLIST\n",
            "ffconcat version 1.0\nfile secret.mp4\n",
        ],
        ids=["file", "address", "concat"],
    )
    @pytest.mark.parametrize("name", ["a.m3u8", "a.mp4"])
    def test_a_playlist_opens_nothing(
        self, each_ffmpeg: Tools, clips: dict[Medium, Path], tmp_path: Path, playlist: str, name: str
    ) -> None:
        secret = tmp_path / "secret.mp4"
        secret.write_bytes(clips[Medium.H264].read_bytes())
        (tmp_path / name).write_text(playlist.format(target=secret), encoding="utf-8")

        assert facts(tmp_path / name, each_ffmpeg).findings == (Finding.NOT_MEDIA,)

    def test_a_name_that_is_a_pattern_opens_no_other_file(
        self, each_ffmpeg: Tools, clips: dict[Medium, Path], tmp_path: Path
    ) -> None:
        (tmp_path / "a001.jpg").write_bytes(clips[Medium.PHOTO].read_bytes())
        (tmp_path / "a%03d.jpg").write_bytes(b"no picture")

        assert facts(tmp_path / "a%03d.jpg", each_ffmpeg).findings == (Finding.NOT_MEDIA,)

    def test_tags_in_no_known_encoding_are_no_obstacle(
        self, each_ffmpeg: Tools, clips: dict[Medium, Path], tmp_path: Path
    ) -> None:
        data = clips[Medium.MJPEG].read_bytes()
        (tmp_path / "tagged").write_bytes(data.replace(b"vids", b"\xff\xfe\0\x1b", 1))

        assert facts(tmp_path / "tagged", each_ffmpeg).size == len(data)

    def test_a_probe_that_takes_too_long_is_given_up(
        self, tools: Tools, clips: dict[Medium, Path], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("ingest.probe._PATIENCE", timedelta(0))

        assert facts(clips[Medium.H264], tools).findings == (Finding.UNREADABLE,)

    def test_a_file_that_is_not_there_is_an_error(self, tools: Tools, tmp_path: Path) -> None:
        with pytest.raises(NotFound):
            facts(tmp_path / "gone", tools)

    def test_a_disk_that_cannot_be_read_is_no_finding(self, tools: Tools, tmp_path: Path) -> None:
        with pytest.raises(StorageUnavailable):
            facts(tmp_path, tools)


class TestInterpretation:
    @pytest.mark.parametrize("claim", ["nan", "inf", "-1", "N/A", "1e300", "0", "", None, [], math.nan, "1" * 5000])
    def test_an_impossible_length_is_unknown(self, claim: object) -> None:
        found = _film(duration=claim)

        assert found.duration is None
        assert found.findings == (Finding.DURATION_UNKNOWN,)

    def test_the_length_of_a_stream_will_do(self) -> None:
        said = {"streams": [{"codec_type": "video", "duration": "1.5"}], "format": {}}

        assert interpret(said, shape=_MP4, size=1).duration == timedelta(seconds=1.5)

    @pytest.mark.parametrize(
        ("claim", "rate"),
        [("25/1", "25"), ("30000/1001", "30000/1001"), ("0/0", None), ("1e999999999", None), ("-5/1", None), (None, None)],
    )
    def test_frame_rates_are_fractions(self, claim: object, rate: str | None) -> None:
        said = {"streams": [{"codec_type": "video", "avg_frame_rate": claim}], "format": _FILM["format"]}

        assert interpret(said, shape=_MP4, size=1).streams[0].frame_rate == rate

    def test_a_film_without_a_picture_is_a_finding_and_music_is_not(self) -> None:
        said = {**_FILM, "streams": [{"codec_type": "audio", "codec_name": "aac"}]}
        music = {**said, "format": {**_FILM["format"], "tags": {"major_brand": "M4A "}}}

        assert interpret(said, shape=_MP4, size=1).findings == (Finding.NO_VIDEO,)
        assert interpret(music, shape=_MP4, size=1).findings == ()

    def test_an_attached_picture_makes_no_film(self) -> None:
        cover = {"codec_type": "video", "disposition": {"attached_pic": 1}}

        assert interpret({**_FILM, "streams": [cover]}, shape=_MP4, size=1).kind is MediaKind.OTHER

    def test_a_mere_guess_is_not_believed(self) -> None:
        said = {"streams": [{"codec_type": "audio"}], "format": {"format_name": "mp3", "probe_score": 1}}

        assert interpret(said, shape=Structure(None), size=1).findings == (Finding.NOT_MEDIA,)

    @pytest.mark.parametrize("claim", ["\x1b[2J2026", "张三 2026", "2026" + "0" * 99, "2026\n", "", 5, None])
    def test_a_creation_time_that_is_no_time_is_left_out(self, claim: object) -> None:
        """
        It goes into leaves and onto terminals; a tag may hold anything, a name too.
        """
        assert _film(tags={"creation_time": claim}).created is None

    @given(
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
            lambda inner: (
                st.lists(inner, max_size=4)
                | st.dictionaries(st.sampled_from(["streams", "format", "tags", "duration", "width", "codec_type"]), inner)
            ),
        ).filter(lambda said: isinstance(said, dict)),
        st.sampled_from([*Container, None]),
        st.booleans(),
    )
    def test_whatever_is_said_becomes_facts(self, said: dict[str, Any], container: Container | None, whole: bool) -> None:  # noqa: FBT001
        found = interpret(said, shape=Structure(container, whole=whole), size=1)

        assert (Finding.TRUNCATED in found.findings) is not whole

    @pytest.mark.parametrize(
        "answer",
        [b"", b"no", b"\xff\xfe", b"[1]", b'{"format": ', b'{"size": ' + b"9" * 5000 + b"}", b"[" * 100_000],
        ids=["nothing", "text", "bytes", "list", "half", "a number of 5000 digits", "100 000 brackets"],
    )
    def test_an_answer_that_cannot_be_read_is_no_answer(
        self, tools: Tools, clips: dict[Medium, Path], monkeypatch: pytest.MonkeyPatch, answer: bytes
    ) -> None:
        monkeypatch.setattr("ingest.probe.ask", lambda *_, **__: (None, answer))

        assert facts(clips[Medium.H264], tools).findings == (Finding.UNREADABLE,)
