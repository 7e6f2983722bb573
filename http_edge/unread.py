"""How long an answer may wait for a client that does not read it. uvicorn stops writing, and then waits for ever.

A client that reads slowly may take as long as it likes.
"""

import asyncio

from http_edge.request_time import TimedHead
from http_edge.sockets import unsent

# Whoever waits for a disk or a person is back sooner; and so long a place may be held by somebody who is not.
UNREAD_SECONDS = 60.0


class ReadAnswer(TimedHead):
    """Cuts off who took nothing of an answer for `unread_seconds`.

    Looked at only where nothing is added meanwhile: while writing is paused, and when the connection closes as soon
    as all has left.
    """

    unread_seconds = UNREAD_SECONDS
    _watching: asyncio.TimerHandle | None = None
    _left = 0  # bytes that had not left when the watch began

    def pause_writing(self) -> None:
        super().pause_writing()
        self._watch()

    def resume_writing(self) -> None:
        super().resume_writing()
        if not self.transport.is_closing():
            self._unwatch()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self.transport.is_closing():
            self._watch()

    def timeout_keep_alive_handler(self) -> None:
        super().timeout_keep_alive_handler()
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._unwatch()

    def _watch(self) -> None:
        self._unwatch()
        if self.transport.get_write_buffer_size():
            self._left = unsent(self.transport)
            self._watching = self.loop.call_later(self.unread_seconds, self._look)

    def _unwatch(self) -> None:
        if self._watching is not None:
            self._watching.cancel()
            self._watching = None

    def _look(self) -> None:
        if unsent(self.transport) < self._left:
            self._watch()
        else:
            self.transport.abort()
