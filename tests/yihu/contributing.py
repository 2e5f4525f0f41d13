"""What a contributor of a camera does: copy a profile with its sample, and edit both."""

from __future__ import annotations

from pathlib import Path

from yihu.checking import SHIPPED


def copy(folder: Path, of: str, name: str) -> Path:
    """Copy a shipped profile and its sample under another name; its card then looks another way, too."""
    for source, target in ((SHIPPED, folder), (SHIPPED / "samples", folder / "samples")):
        target.mkdir(parents=True, exist_ok=True)
        text = (source / f"{of}.toml").read_text("utf-8")
        (target / f"{name}.toml").write_text(text.replace(f'"{of}"', f'"{name}"').replace("GOPRO", "MINE"), "utf-8")
    return folder / f"{name}.toml"


def edit(file: Path, old: str, new: str) -> None:
    """Replace the first *old*, which must be there."""
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), "utf-8")
