"""A task that must not end by itself: when it does, the process ends with it, and says why.

Otherwise a service would go on answering 2xx while nothing of it is published any more.
"""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import structlog

# Exit codes. FAILED: whoever supervises starts it again. RIVAL (EX_TEMPFAIL): another has our transactional id.
FAILED, RIVAL = 1, 75

Stop = Callable[[int, str], None]
log = structlog.get_logger()


def run_in_background(work: Coroutine[Any, Any, None], name: str, stop: Stop) -> "asyncio.Task[None]":
    """Runs `work`; an exception that it lets out is a bug, and stops the process."""

    async def guarded() -> None:
        try:
            await work
        except Exception as error:
            log.exception("a background task failed", task=name)
            stop(FAILED, f"{name} failed: {type(error).__name__}")

    return asyncio.create_task(guarded(), name=name)
