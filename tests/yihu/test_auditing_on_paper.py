"""An audit with paper: a printed seal is held against the ledger, and the report is a document that says what was found."""

from __future__ import annotations

import shutil
from pathlib import Path

import pypdfium2
import pytest
from sqlalchemy import update

from storage.clips import clips
from storage.errors import NotFound
from tests.conftest import ALL_TOOLS_MUST_BE_THERE
from tests.servers.tsa_server import tsa_server
from yihu.cli.common import Exit
from yihu.founding import started
from yihu.paper import printing
from yihu.wiring import Office

from .auditing import change
from .commanding import answer, fresh, yihu


@pytest.fixture(scope="module", autouse=True)
def chinese_font() -> None:
    """A page needs a font with Chinese characters; where there is none, nothing here runs unseen."""
    try:
        printing._chinese_font()
    except NotFound as error:
        if ALL_TOOLS_MUST_BE_THERE:
            pytest.fail(str(error), pytrace=False)
        pytest.skip(str(error))


@pytest.fixture
def scan(office: Office, tmp_path: Path) -> Path:
    """The seal of the office, printed and scanned."""
    answer("log", "seal", "--out", tmp_path / "seal.pdf")
    with pypdfium2.PdfDocument(tmp_path / "seal.pdf") as document:
        document[0].render(scale=200 / 72, grayscale=True).to_pil().rotate(3, expand=True, fillcolor=255).save(
            tmp_path / "scan.png"
        )
    fresh(office).log.confirm()
    return tmp_path / "scan.png"


def words_on(pdf: Path) -> str:
    with pypdfium2.PdfDocument(pdf) as document:
        return "".join(page.get_textpage().get_text_bounded() for page in document).replace("\r\n", "")


def forked(office: Office, before: Path) -> None:
    """Put the database of before the last entries back, and record others: by somebody with the keys and the lock."""
    office.engine.dispose()
    for leftover in office.home.glob("yihu.db*"):
        leftover.unlink()
    shutil.copy(before / "yihu.db", office.home / "yihu.db")
    shutil.copy(before / "head", office.home / "lock/head")


def test_a_printed_seal_is_held_against_the_ledger(office: Office, scan: Path) -> None:
    """Also when the ledger has grown since it was printed."""
    told = answer("verify", "--paper", scan)
    started(fresh(office))
    later = answer("verify", "--paper", scan, "--paper", scan.with_name("seal.pdf"))

    assert (told["outcome"], later["outcome"]) == ("internally consistent", "internally consistent")
    assert {step["name"]: step["checked"] for step in told["steps"]}["held"] == 1
    assert later["size"] == told["size"] + 1


@pytest.mark.parametrize(
    ("others", "words"),
    [
        (0, "scan.png"),
        (1, "scan.png"),
        (3, "scan.png"),
    ],
    ids=["cut", "forked", "forked and longer"],
)
def test_a_ledger_that_does_not_continue_the_paper_is_wrong(office: Office, tmp_path: Path, others: int, words: str) -> None:
    """Who has the keys makes a ledger that agrees with itself; the page in the cupboard does not agree with it."""
    office.engine.dispose()
    before = tmp_path / "before"
    before.mkdir()
    fresh(office).log.checkpoint()
    shutil.copy(office.home / "yihu.db", before / "yihu.db")
    shutil.copy(office.home / "lock/head", before / "head")
    started(fresh(office))
    answer("log", "seal", "--out", tmp_path / "seal.pdf")
    with pypdfium2.PdfDocument(tmp_path / "seal.pdf") as document:
        document[0].render(scale=200 / 72).to_pil().save(tmp_path / "scan.png")
    forked(office, before)
    for _ in range(others):
        started(fresh(office))
    fresh(office).log.checkpoint()

    assert answer("verify")["outcome"] == "internally consistent"
    told = answer("verify", "--paper", tmp_path / "scan.png", code=Exit.EVIDENCE)
    wrong = {step["name"]: step["findings"] for step in told["steps"] if step["findings"]}
    assert set(wrong) == {"held"}
    assert words in wrong["held"][0]


def test_a_page_without_a_code_is_not_taken_for_a_seal(office: Office, tmp_path: Path) -> None:
    answer("verify", "--pdf", tmp_path / "report.pdf")

    assert "no QR code" in answer("verify", "--paper", tmp_path / "report.pdf", code=Exit.NOT_FOUND)["detail"]
    assert answer("verify", "--paper", tmp_path / "nothing.pdf", code=Exit.NOT_FOUND)["error"] == "NotFound"
    assert fresh(office).log.latest()


def test_the_report_says_in_chinese_what_was_found(office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YIHU_LANG", "zh")
    assert yihu("verify", "--pdf", tmp_path / "good.pdf")[0] == Exit.DONE
    change(office, update(clips).values(size=7))
    ended, said = yihu("verify", "--pdf", tmp_path / "bad.pdf")

    good, bad = words_on(tmp_path / "good.pdf"), words_on(tmp_path / "bad.pdf")
    assert ended == Exit.EVIDENCE
    assert "内部一致：各部分相互吻合，但仅有本机关自己的密钥作证" in good
    assert "验证未通过：不得采信" in bad
    for title in (
        "账本记录",
        "已签名的检查点",
        "审计方持有的检查点",
        "外部见证",
        "时间戳",
        "流程顺序",
        "目录与账本一致",
        "存储对象",
    ):
        assert title in good, title
        assert title in bad, title
    assert "不符" in bad
    assert "不符" not in good
    assert "�" not in good + bad
    assert "✗" in said


@pytest.mark.needs("openssl")
def test_time_stamps_are_believed_under_the_roots_that_were_brought(office: Office, tmp_path: Path) -> None:
    with tsa_server(tmp_path) as server:
        settings = office.home / "yihu.toml"
        lines = f'tsa = "{server.url}"\ntsa_roots = "{server.authority.roots_file}"\n'
        settings.write_text(settings.read_text().replace("[ledger]\n", f"[ledger]\n{lines}"))
        answer("timestamp", "ask")

    by_office = answer("verify")
    ours = answer("verify", "--tsa-roots", server.authority.roots_file)
    wrong = answer("verify", "--tsa-roots", server.other.roots_file, code=Exit.EVIDENCE)
    steps = [{step["name"]: step for step in told["steps"]}["timestamps"] for told in (by_office, ours, wrong)]
    assert [(step["checked"], len(step["findings"])) for step in steps] == [(1, 0), (1, 0), (1, 1)]
    assert "does not hold under the given roots" in steps[2]["findings"][0]
    assert [step["detail"] for step in steps[:2]] == ["believed under the roots that the office itself has set", ""]
    assert answer("verify", "--tsa-roots", tmp_path / "none.pem", code=Exit.NOT_FOUND)["error"] == "NotFound"
