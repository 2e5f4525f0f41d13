"""A contributor's profile, held to everything that a shipped one is held to."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from device_profiles.faults import Fault, ProfileError
from device_profiles.profile import Profile, load_profiles, read_profile_file
from device_profiles.samples import Sample, load_samples, read_sample, sample_beside
from storage.errors import NotFound
from yihu.conformance import Held, hold

SHIPPED = Path(str(resources.files("device_profiles")))


@dataclass(frozen=True, slots=True)
class Checked:
    """A profile that can be read, its sample, and what became of holding it to the contract."""

    profile: Profile
    held: Held


def check(path: Path) -> Checked:
    """
    Read the profile in the file *path* and its sample, and hold it to the contract beside all shipped profiles.

    Raises `ProfileError` with every fault of a file, `NotFound` where profile or sample is missing.
    """
    profile, sample = read_both(path)
    shipped, samples = load_profiles(), load_samples()
    return Checked(profile, hold(profile, sample, [(each, samples[each.name]) for each in shipped]))


def read_both(path: Path) -> tuple[Profile, Sample]:
    """Read a profile and the sample beside it; raises as `check`."""
    profile = read_profile_file(path.name, _read(path, "profile"))
    beside = sample_beside(path)
    sample = read_sample(beside.name, _read(beside, "sample"))
    if sample.profile != profile.name:
        origin, reason = f"samples/{beside.name}", f"expected {profile.name!r}, found {sample.profile!r}"
        raise ProfileError(origin, [Fault("wrong-name", "profile", reason)])
    if (SHIPPED / path.name).exists() and path.resolve().parent != SHIPPED.resolve():
        raise ProfileError(path.name, [Fault("taken-name", "name", f"{profile.name!r} exists already")])
    return profile, sample


def find_profile(name: str) -> Path:
    """Give the file that *name* means: a path, or a shipped profile."""
    path = Path(name)
    shipped = SHIPPED / f"{name}.toml"
    return path if path.suffix == ".toml" or not shipped.is_file() else shipped


def _read(path: Path, what: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        message = f"{what} {path}: cannot be read: {error.strerror}"
        raise NotFound(message) from error
