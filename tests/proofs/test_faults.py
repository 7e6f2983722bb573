"""Whether a blow hit anything is told by the clocks of calls, topics and watchers."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from dev.committed import Committed
from proofs.faults import Fault, Traffic, judge
from proofs.history import History


@pytest.fixture
def history(tmp_path: Path) -> Iterator[History]:
    history = History(tmp_path / "history")
    yield history
    history.close()


def at(time: float, correlation: str = "op-0") -> Committed:
    return Committed("x-0@0", "", b"", time=time, headers={"ce_correlationid": correlation.encode()})


def judged(service: str, moment: float, traffic: Traffic) -> bool | None:
    fault = Fault(moment, "kill -9", service)
    judge([fault], traffic)
    return fault.bit


def test_a_fault_bit_when_something_was_in_hand(history: History) -> None:
    call = history.begin("pay", "payments_service", "")
    call.outcomes.append("info")
    call.spans.append((10.0, 12.0))
    topics = {
        "notifications": [at(13.0)],
        "inventories": [at(13.0)],
        "logs": [at(15.0)],
        "stock": [at(14.0)],
    }
    traffic = Traffic(history, topics, {"op-0": 17.0})
    inside = {
        "payments_service": 11.0,
        "inventories_service": 13.5,
        "notifications_service": 14.5,
        "logs_service": 16.0,
    }
    for service, moment in inside.items():
        assert judged(service, moment, traffic)
        assert not judged(service, moment + 5, traffic)
        assert not judged(service, moment - 5, traffic)


def test_what_is_known_by_its_nature_is_not_judged(history: History) -> None:
    fault = Fault(1.0, "died at COMMITTED", "payments_service", bit=True)
    empty: dict[str, list[Committed]] = {
        name: [] for name in ("notifications", "inventories", "logs", "stock")
    }
    judge([fault], Traffic(history, empty, {}))
    assert fault == replace(fault, bit=True)
