"""Paper: what is printed reads back byte for byte, and what is scanned is hostile until it is read."""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pypdfium2
import pytest
import zxingcpp
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageFilter

from storage.errors import EvidenceError, NotFound, YihuError
from storage.ledger.checkpoint import Checkpoint, sign_checkpoint
from storage.ledger.keys import FileSigner, VerifierKey
from storage.verifier.errors import VerificationError
from tests.conftest import ALL_TOOLS_MUST_BE_THERE
from yihu.cli.common import Exit
from yihu.founding import found
from yihu.paper import printing
from yihu.paper.codes import LARGEST, fitting, notes_in, qr_svg
from yihu.paper.report import report_pdf
from yihu.paper.seal import seal_pdf
from yihu.wiring import Office

from .commanding import LOG, answer, yihu

SIGNER = FileSigner(Ed25519PrivateKey.from_private_bytes(b"p" * 32), name="office.example/yihu/paper")
KEY = VerifierKey.parse(SIGNER.vkey)
NOTE = sign_checkpoint(Checkpoint(SIGNER.name, 18_342, bytes(range(32))), SIGNER)
AT = datetime(2026, 11, 24, 17, 30, tzinfo=timezone(timedelta(hours=8)))


@pytest.fixture(scope="module", autouse=True)
def chinese_font() -> None:
    """A page needs a font with Chinese characters; where there is none, nothing here runs unseen."""
    try:
        printing._chinese_font()
    except NotFound as error:
        if ALL_TOOLS_MUST_BE_THERE:
            pytest.fail(str(error), pytrace=False)
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def seal() -> bytes:
    return sealed()


def sealed(note: str = NOTE) -> bytes:
    return seal_pdf(note, office="演示局", log_keys=[KEY], witnesses=[], at=AT)


def words_on(pdf: bytes) -> str:
    with pypdfium2.PdfDocument(pdf) as document:
        return "\n".join(page.get_textpage().get_text_bounded() for page in document)


def picture_of(pdf: bytes, *, dpi: int = 200) -> Image.Image:
    with pypdfium2.PdfDocument(pdf) as document:
        image: Image.Image = document[0].render(scale=dpi / 72, grayscale=True).to_pil()
        return image


def test_a_seal_is_one_page_that_says_what_it_holds(seal: bytes) -> None:
    words = words_on(seal)

    with pypdfium2.PdfDocument(seal) as document:
        assert len(document) == 1
    for expected in ("演示局", SIGNER.name, "18342", "00010203 04050607", "仅有本机关自己的签名"):
        assert expected in words


def test_a_printed_seal_reads_back_byte_for_byte(seal: bytes, tmp_path: Path) -> None:
    (tmp_path / "seal.pdf").write_bytes(seal)

    assert notes_in(tmp_path / "seal.pdf") == [NOTE]


@pytest.mark.parametrize("name", ["scan.png", "scan.jpg", "scan.tiff"])
def test_a_bad_scan_reads_back_too(seal: bytes, tmp_path: Path, name: str) -> None:
    """Askew, blurred and dirty, as a scanner in an office gives it."""
    draw = random.Random(name)
    scan = picture_of(seal).rotate(7, expand=True, fillcolor=255).filter(ImageFilter.GaussianBlur(1))
    for _ in range(2000):
        scan.putpixel((draw.randrange(scan.width), draw.randrange(scan.height)), draw.randrange(256))
    scan.save(tmp_path / name)

    assert notes_in(tmp_path / name) == [NOTE]


def test_several_pages_of_a_register_are_read_in_order(tmp_path: Path) -> None:
    notes = [sign_checkpoint(Checkpoint(SIGNER.name, size, bytes(32)), SIGNER) for size in (10, 20, 30)]
    pages = [picture_of(sealed(note)) for note in notes]
    pages[0].save(tmp_path / "register.pdf", save_all=True, append_images=pages[1:])

    assert notes_in(tmp_path / "register.pdf") == notes


def test_the_same_head_at_the_same_moment_gives_the_same_bytes(seal: bytes) -> None:
    assert sealed() == seal


def test_what_the_log_did_not_sign_is_never_printed_as_a_seal() -> None:
    for forged in (NOTE.replace("\n18342\n", "\n18343\n"), NOTE.replace(SIGNER.name, "another.example/log")):
        with pytest.raises(VerificationError):
            sealed(forged)


@given(count=st.integers(0, 40), length=st.integers(20, 3000))
def test_as_many_cosignatures_are_printed_as_one_code_holds(count: int, length: int) -> None:
    lines = [f"\u2014 witness-{number}.example/w {'A' * length}\n" for number in range(count)]
    shown, left_out = fitting(NOTE + "".join(lines))

    assert shown == NOTE + "".join(lines[: count - left_out])
    assert len(shown.encode()) <= LARGEST
    assert left_out == 0 or len((shown + lines[count - left_out]).encode()) > LARGEST
    assert qr_svg(shown).startswith("<?xml")


def test_a_note_that_fits_no_code_is_refused() -> None:
    with pytest.raises(EvidenceError, match="fits no QR code"):
        fitting(f"{'long' * 600}\n1\nroot\n\n\u2014 x y\n")


def binary_code(path: Path) -> None:
    code = zxingcpp.create_barcode(b"\xff\xfe\x00\x80", zxingcpp.BarcodeFormat.QRCode)
    Image.fromarray(zxingcpp.write_barcode_to_image(code, scale=4)).save(path)


HOSTILE: dict[str, tuple[str, Callable[[Path], object]]] = {
    "no picture": ("not a picture", lambda path: path.write_bytes(b"garbage")),
    "nothing": ("not a picture", lambda path: path.touch()),
    "a PDF page too large": ("page too large", lambda path: Image.new("1", (5000, 5000)).save(path, "PDF", resolution=20)),
    "half a PDF": ("not a PDF", lambda path: path.write_bytes(sealed()[:3000])),
    "a picture too large": ("picture too large", lambda path: Image.new("1", (40_000, 4_000)).save(path, "PNG")),
    "too many pages": (
        "more than 50 pages",
        lambda path: Image.new("1", (9, 9)).save(path, "PDF", save_all=True, append_images=[Image.new("1", (9, 9))] * 50),
    ),
    "an empty page": ("no QR code", lambda path: Image.new("L", (900, 900), 255).save(path, "PNG")),
    "a code without text": ("holds no text", lambda path: binary_code(path.with_suffix(".png"))),
    "a folder": ("no such file", lambda path: path.mkdir()),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_scan_is_refused_by_name(tmp_path: Path, what: str) -> None:
    words, made = HOSTILE[what]
    made(tmp_path / "scan")
    scan = next(tmp_path.iterdir(), tmp_path / "scan")

    with pytest.raises(YihuError, match=words) as refused:
        notes_in(scan)

    assert str(scan) in str(refused.value)


@pytest.mark.parametrize("package", ["typst", "zxingcpp"])
def test_without_the_extra_it_says_what_to_install(package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, package, None)

    with pytest.raises(NotFound, match=rf"package {package}: install yihu\[paper\]"):
        sealed()


def test_without_a_chinese_font_no_page_with_boxes_comes_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(printing, "_FONTS", ("No Such Font",))
    printing._chinese_font.cache_clear()

    with pytest.raises(NotFound, match="no Chinese font is installed"):
        sealed()

    printing._chinese_font.cache_clear()


class TestTheCommand:
    @pytest.fixture
    def office(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
        made = found(tmp_path / "office", name="测试局", log=LOG)
        monkeypatch.chdir(made.home)
        monkeypatch.setenv("YIHU_LANG", "en")
        yield made
        made.engine.dispose()

    def test_it_prints_the_newest_head(self, office: Office, tmp_path: Path) -> None:
        said = answer("log", "seal", "--out", tmp_path / "seal.pdf")

        (note,) = notes_in(tmp_path / "seal.pdf")
        assert note == office.log.newest()
        assert said["size"] == int(note.split("\n")[1])

    @pytest.mark.usefixtures("office")
    def test_where_nothing_can_be_written_it_says_so_and_leaves_nothing(self, tmp_path: Path) -> None:
        code, _ = yihu("log", "seal", "--out", tmp_path / "missing" / "seal.pdf")

        assert code != Exit.DONE
        assert not (tmp_path / "missing").exists()


def report(**other: object) -> dict[str, object]:
    step = {"number": 1, "name": "log", "title": "账本记录", "checked": 12, "findings": [], "detail": ""}
    usual: dict[str, object] = {
        "outcome": "internally consistent",
        "origin": SIGNER.name,
        "size": 12,
        "root": "ab" * 32,
        "at": "2026-11-24T17:30:00.000+08:00",
        "program": "yihu 0.1.0",
        "anchored": None,
        "since": 0,
        "sample": None,
        "not_checked": [],
        "steps": [step],
    }
    return {**usual, **other}


@pytest.mark.parametrize(
    ("outcome", "words"), [("anchored", "有机关以外的一方作证"), ("internally consistent", "内部一致"), ("failed", "不得采信")]
)
def test_a_report_opens_with_its_verdict(outcome: str, words: str) -> None:
    anchored = {"size": 10, "by": ["检察院"]} if outcome == "anchored" else None

    assert words in words_on(report_pdf(report(outcome=outcome, anchored=anchored)))


def test_what_an_attacker_wrote_is_printed_as_he_wrote_it() -> None:
    """It is text: no markup, no line of its own, nothing left out."""
    hostile = '#strong[x] $y$ \\ *z* " \u202e end ' + "f" * 300
    step = {"number": 1, "name": "log", "title": "账本记录", "checked": 1, "findings": [hostile] * 203, "detail": ""}
    words = words_on(report_pdf(report(outcome="failed", steps=[step])))

    assert '#strong[x] $y$ \\ *z* "' in words
    assert words.count("#strong") == 200
    assert "3 more" in words


def test_a_step_that_checked_nothing_does_not_look_like_one_that_held() -> None:
    step = {"number": 1, "name": "tiles", "title": "瓦片", "checked": 0, "findings": [], "detail": ""}

    assert "nothing" in words_on(report_pdf(report(steps=[step])))
    assert "nothing" not in words_on(report_pdf(report()))


def test_the_same_report_gives_the_same_bytes() -> None:
    assert report_pdf(report()) == report_pdf(report())
