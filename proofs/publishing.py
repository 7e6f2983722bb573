"""Which replica of a service publishes, as their own counters tell it, look by look."""

import asyncio
import contextlib
import re
import time
from collections.abc import Mapping

import httpx2 as httpx

from proofs.arena import Mortal

EACH = 0.2  # seconds between two looks
COUNTER = re.compile(r"^relay_events_published_total (\S+)", re.MULTILINE)


class Publishing:
    """Looks from now on. An overlap is a look in which both had published since the last one.

    Who did not answer meanwhile is looked at anew: what it had published before it froze nobody has seen. (That
    nothing of it is there twice is the affair of the audit.)
    """

    def __init__(self, replicas: Mapping[str, Mortal]) -> None:
        self._replicas = replicas
        self._counts: dict[str, float] = {}
        self._last: dict[str, float] = {}
        self.turns: list[str] = []  # who published, without repetitions
        self.overlaps = 0
        self._task = asyncio.create_task(self._look())

    def last(self, label: str) -> float:
        """When it was last seen to have published."""
        return self._last.get(label, 0.0)

    def said(self) -> str:
        return f"{max(0, len(self.turns) - 1)} hand-overs, {self.overlaps} looks in which both did"

    async def close(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _look(self) -> None:
        async with httpx.AsyncClient(timeout=EACH) as http:
            while True:
                self._take([label for label in self._replicas if await self._has_published(http, label)])
                await asyncio.sleep(EACH)

    async def _has_published(self, http: httpx.AsyncClient, label: str) -> bool:
        """False if it does not answer: it is frozen."""
        before = self._counts.pop(label, None)
        with contextlib.suppress(httpx.TransportError):
            found = COUNTER.search((await http.get(f"{self._replicas[label].url}/metrics")).text)
            self._counts[label] = float(found[1]) if found else 0.0
            return before is not None and self._counts[label] > before
        return False

    def _take(self, labels: list[str]) -> None:
        self._last |= dict.fromkeys(labels, time.time())
        if len(labels) > 1:
            self.overlaps += 1
        for label in labels:
            if self.turns[-1:] != [label]:
                self.turns.append(label)
