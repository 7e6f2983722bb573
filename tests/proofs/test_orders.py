"""An order to die is a file; it is carried out once."""

import signal
from pathlib import Path

from event_bus.crash_points import CrashPoint
from proofs.strikes import Orders

HERE, THERE = CrashPoint.COMMITTED, CrashPoint.REMOVED


def test_an_order_is_taken_once_by_whom_it_is_for(tmp_path: Path) -> None:
    orders, others = Orders(tmp_path, "users_service"), Orders(tmp_path, "payments_service")
    orders.give(HERE)
    assert others.take(HERE) is None
    assert orders.take(THERE) is None
    assert not orders.was_obeyed(HERE)
    assert orders.take(HERE) is signal.SIGKILL
    assert orders.was_obeyed(HERE)
    assert orders.take(HERE) is None


def test_an_order_can_be_given_again_and_withdrawn(tmp_path: Path) -> None:
    orders = Orders(tmp_path, "users_service")
    orders.give(HERE)
    orders.take(HERE)
    orders.give(HERE, signal.SIGSTOP)
    assert not orders.was_obeyed(HERE)
    orders.withdraw(HERE)
    assert orders.take(HERE) is None
