"""Prints the lines to stdout from a thread of its own, so that a blocked terminal or pipe stalls nobody else.

Bounded: what does not fit while stdout is blocked is left out and counted, and said as soon as it moves on.
"""

import os
import threading
from collections.abc import Sequence

import structlog

LIMIT_BYTES = 1024 * 1024  # some thousand lines: a terminal that is scrolled back for a moment misses nothing

log = structlog.get_logger()


class Printer:
    def __init__(self, descriptor: int = 1, limit_bytes: int = LIMIT_BYTES) -> None:
        self.dropped = 0
        self._descriptor = descriptor
        self._limit_bytes = limit_bytes
        self._waiting: list[bytes] = []
        self._waiting_bytes = 0
        self._closed = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="printer", daemon=True)
        self._thread.start()

    def print(self, lines: Sequence[bytes]) -> None:
        """Hand over a batch; never waits. It is written by one system call with what else is waiting."""
        batch = b"".join([line + b"\n" for line in lines])
        if not batch:
            return
        with self._changed:
            if self._waiting_bytes + len(batch) > self._limit_bytes:
                self.dropped += len(lines)
                return
            self._waiting.append(batch)
            self._waiting_bytes += len(batch)
            self._changed.notify()

    def close(self, seconds: float = 1.0) -> None:
        """Write what is left, but wait no longer than this: a blocked stdout must not hold up the end."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join(seconds)

    def _run(self) -> None:
        told = 0
        while batch := self._next():
            try:
                _write_all(self._descriptor, batch)
            except OSError as error:
                log.warning("stdout is gone, lines are no longer printed", reason=str(error))
                return
            if self.dropped > told:
                log.warning("stdout was blocked", lines_not_printed=self.dropped - told)
                told = self.dropped

    def _next(self) -> bytes:
        """All that is waiting, as soon as there is something; empty at the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._closed)
            batch = b"".join(self._waiting)
            self._waiting.clear()
            self._waiting_bytes = 0
            return batch


def _write_all(descriptor: int, data: bytes) -> None:
    while data:
        data = data[os.write(descriptor, data) :]
