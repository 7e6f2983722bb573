"""A database on a busy machine may be late, and the shop then says so: 503. Whoever asks again is served."""

import time
from collections.abc import Callable
from http import HTTPStatus
from typing import TypeVar

SECONDS = 60.0
A = TypeVar("A")


def served(ask: Callable[[], A], status_of: Callable[[A], int]) -> A:
    """The first answer that is no 503; or, if nothing else comes, that one."""
    end = time.monotonic() + SECONDS
    while status_of(answer := ask()) == HTTPStatus.SERVICE_UNAVAILABLE and time.monotonic() < end:
        time.sleep(0.2)
    return answer
