"""The program; see the package for what it is, ``--help`` for how to use it."""

from __future__ import annotations

import sys

from .program import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
