"""That steps under way never use more together than they may, and that nobody waits for ever."""

from __future__ import annotations

import random
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from ingest.budget import Budget


def test_what_is_used_together_never_exceeds_the_budget() -> None:
    budget, using, most, lock = Budget(10), 0, 0, threading.Lock()

    def step(wanted: int) -> None:
        nonlocal using, most
        with budget.spending(wanted):
            with lock:
                using += wanted
                most = max(most, using)
            with lock:
                using -= wanted

    wants = random.Random(1).choices(range(11), k=500)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(step, wants))

    assert 0 < most <= 10


def test_who_wants_more_than_there_is_goes_alone() -> None:
    budget = Budget(2)
    entered = threading.Event()

    def large() -> None:
        with budget.spending(100):
            entered.set()

    with budget.spending(1):
        waiting = threading.Thread(target=large)
        waiting.start()
        assert not entered.wait(0.05)

    waiting.join(10)
    assert entered.is_set()


def test_a_step_that_fails_gives_back_what_it_used() -> None:
    budget = Budget(1)

    for _ in range(2):
        with pytest.raises(OSError, match="gone"), budget.spending(1):
            raise OSError("gone")  # noqa: EM101


def test_an_empty_budget_would_let_nobody_in() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        Budget(0)
