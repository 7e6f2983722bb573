"""What went on while somebody was away is told by the clocks of the calls."""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from proofs.history import History
from proofs.outages import Outage, Outages

AWAY = Outage("kill -9 kafka", began=100.0, ended=110.0, recovery=3.0)


class Calls:
    """A case's stage as far as outages look at it."""

    def __init__(self, history: History) -> None:
        self.history, self.demands = history, list[Any]()
        self.arena = SimpleNamespace(services={})

    def made(self, service: str, begin: float, end: float, outcome: str = "ok") -> None:
        call = self.history.begin("pay", service, "")
        call.outcomes.append(outcome)
        call.spans.append((begin, end))

    def judged(self, database: bool) -> dict[str, bool]:
        outages = Outages(self, database)  # type: ignore[arg-type]
        outages.seen.append(AWAY)
        outages.judge()
        return {demand.what.split(" ")[0]: demand.held for demand in self.demands}


@pytest.fixture
def calls(tmp_path: Path) -> Iterator[Calls]:
    calls = Calls(History(tmp_path / "history"))
    for second in range(99, 112):
        for edge in ("users_service", "payments_service"):
            calls.made(edge, second + 0.1, second + 0.2)
    yield calls
    calls.history.close()


def test_calls_that_were_served_all_along_went_on(calls: Calls) -> None:
    assert calls.judged(database=False) == {"users_service": True, "payments_service": True, "ready,": True}


def test_one_that_was_not_served_is_told(calls: Calls) -> None:
    calls.made("users_service", 104.3, 104.4, "info")
    held = calls.judged(database=False)
    assert (held["users_service"], held["payments_service"]) == (False, True)


def test_a_pause_is_told_although_nobody_was_refused(tmp_path: Path) -> None:
    calls = Calls(History(tmp_path / "history"))
    for edge, last in (("users_service", 102), ("payments_service", 110)):
        for second in range(100, last):
            calls.made(edge, second + 0.1, second + 0.2)
    held = calls.judged(database=False)
    assert (held["users_service"], held["payments_service"]) == (False, True)
    calls.history.close()


@pytest.mark.parametrize(("waited", "in_time"), [(5.1, True), (5.6, False)])
def test_without_the_database_a_refusal_has_its_time(calls: Calls, waited: float, in_time: bool) -> None:
    calls.made("payments_service", 103.0, 103.0 + waited, "info")
    assert calls.judged(database=True) == {"a": in_time, "ready,": True}
