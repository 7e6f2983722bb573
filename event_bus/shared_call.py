"""One call for all who need its effect and come while it is under way."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any


class SharedCall:
    """Not a lock: of a crowd that waits for a lock one goes on each time round the event loop, here all at once."""

    def __init__(self, call: Callable[[], Coroutine[Any, Any, None]]) -> None:
        self._call = call
        self._task: asyncio.Task[None] | None = None

    async def __call__(self) -> None:
        """Raises what the call raised, to each. It goes on when one of those who wait is cancelled."""
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._call())
        task = self._task
        await asyncio.wait([task])
        task.result()
