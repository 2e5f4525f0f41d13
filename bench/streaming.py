"""Streaming ranges of one large original through the API and through nginx, in turn, over the same object of the same store."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

from bench.big_clip import PASSWORD, BigClip, add_big_clip, add_people, write_original
from bench.measure import Cost, Costs, Duel, RunFailed
from bench.offices import store_settings
from bench.watching import Range, watched
from bench.web_servers import OBJECT, Serving, from_folder, from_s3, nginx, yihu_serve
from storage.local_s3 import LocalS3
from yihu.founding import found
