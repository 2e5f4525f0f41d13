"""
Paper: what is printed for people who keep things in bound registers, and reading it back.

Typst sets the pages (one wheel, no system libraries, reproducible bytes); a Chinese font comes from the system and is embedded.
The QR codes are written and read by one library, zxing-cpp. All of it is the extra ``paper``, imported when a page is wanted.
"""

from __future__ import annotations
