"""A real server over a small real office with real footage, and a real Chromium that looks at it."""

from __future__ import annotations

import os
import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import uvicorn
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Error, Page, ViewportSize, sync_playwright

from api.pages import packaged
from ingest.tools import find_tools
from storage.evidence import Role, Subject
from tests.api.small_office import SmallOffice, found
from yihu.footage import Medium, Scene, record

SECONDS = 12
SIZES: dict[str, ViewportSize] = {"desk": {"width": 1366, "height": 768}, "phone": {"width": 390, "height": 844}}


@dataclass(frozen=True)
class Footage:
    """The bytes of every sort of clip a case page meets."""

    film: bytes
    hevc: bytes
    photo: bytes
    sound: bytes


@dataclass(frozen=True)
class Served:
    """An office that answers at an address."""

    office: SmallOffice
    address: str
    film: Subject
    hevc: Subject

    def link(self, role: Role = Role.CLERK) -> str:
        """Return a sign-in link, as the program prints it."""
        return f"{self.address}/signin#{self.office.token(role, '采集岗 演示')[1]}"


@pytest.fixture(scope="session")
def footage(tmp_path_factory: pytest.TempPathFactory) -> Footage:
    """Short films, made once."""
    folder, tools = tmp_path_factory.mktemp("footage"), find_tools(None)

    def made(medium: Medium, scene: Scene) -> bytes:
        path = folder / f"{medium}.clip"
        record(path, medium=medium, scene=scene, tools=tools)
        return path.read_bytes()

    return Footage(
        film=made(Medium.H264, Scene(SECONDS, "640x360")),
        hevc=made(Medium.HEVC, Scene(2, "640x360")),
        photo=made(Medium.PHOTO, Scene(1, "640x360")),
        sound=made(Medium.H264_SILENT, Scene(1, "320x180")),
    )


@pytest.fixture
def served(tmp_path: Path, footage: Footage) -> Iterator[Served]:
    """The office with clips in its case, and its pages, on a free port of this machine."""
    office = found(tmp_path)
    film = office.clip(footage.film, poster=footage.photo, name="20261121_143507_现场检查.mp4")
    hevc = office.secure(footage.hevc, name="DSJ_0002.MP4")
    office.deposit(hevc, footage.hevc)
    office.render(hevc, review=footage.hevc, poster=None, findings=("truncated", "salvaged"))
    photo = office.secure(footage.photo, name="IMG_0003.JPG", kind="photo")
    office.deposit(photo, footage.photo)
    office.render(photo, review=None, poster=footage.photo, duration_ms=None)
    waiting = office.secure(b"RIFF", name="REC_0004.WAV", kind="audio")
    for clip in (hevc, photo, waiting):
        office.services.registry.file_clip(clip, office.activity, actor=office.operator)
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(office.app(packaged()), log_level="warning", lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    yield Served(office, f"http://127.0.0.1:{listening.getsockname()[1]}", film, hevc)
    server.should_exit = True
    thread.join()
    office.services.engine.dispose()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, headless; ended with its module, because its driver keeps a loop that others could not run beside."""
    with sync_playwright() as driver:
        # the sandbox cannot be had by root, as whom containers run
        arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
        chromium = driver.chromium.launch(executable_path=shutil.which("chromium"), args=arguments)
        yield chromium
        chromium.close()


OpenPage = Callable[..., Page]


@pytest.fixture
def open_page(browser: Browser) -> Iterator[OpenPage]:
    """Opens an address as somebody with that language and that screen; what the page complains of fails the test."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def broke(error: Error) -> None:
        complaints.append(str(error))

    def heard(said: ConsoleMessage) -> None:
        if "Content Security Policy" in said.text:
            complaints.append(said.text)

    def opened(address: str, *, language: str = "zh-CN", screen: str = "desk") -> Page:
        context = browser.new_context(locale=language, viewport=SIZES[screen], timezone_id="Asia/Shanghai")
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", broke)
        page.on("console", heard)
        page.goto(address)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture
def shots(tmp_path: Path) -> Path:
    """Where pictures of the pages go: to be looked at, if YIHU_TEST_SHOTS says where."""
    folder = Path(os.environ.get("YIHU_TEST_SHOTS", tmp_path / "shots"))
    folder.mkdir(parents=True, exist_ok=True)
    return folder
