"""The program's way in: ``yihu`` and ``python -m yihu``."""

from __future__ import annotations

import sys

_OLDEST = (3, 11)


def main() -> None:
    """Run the command line; a Python that is too old gets a clear message instead of a traceback."""
    if sys.version_info < _OLDEST:
        found = ".".join(map(str, sys.version_info[:3]))
        sys.exit(f"yihu needs Python 3.11 or newer, this is {found} / 需要 Python 3.11 或更高版本，当前为 {found}")
    from yihu.cli import app  # noqa: PLC0415 - the message above must come before imports that an old Python cannot read

    app()


if __name__ == "__main__":
    main()
