"""The process around the app: its sockets, its signals, its deadline and its exit code."""

import asyncio
import contextlib
import contextvars
import gc
import os
import signal
import socket
import sys
import threading
from collections.abc import Collection, Iterator
from types import FrameType
from typing import Any, NoReturn, cast

import structlog
import uvicorn
from starlette.applications import Starlette

from http_edge.accepting import Doors
from http_edge.connections import bounded
from http_edge.log_format import configure_logging
from http_edge.settings import EdgeSettings
from http_edge.sockets import PortTaken, addresses, listen, raise_file_limit
from http_edge.stopping import Stop

# SIGTERM to exit in less than 15 s: 5 s for requests in work, 8 s for the resources (lifespan), 1 s spare.
REQUESTS_DEADLINE = 5
EXIT_DEADLINE = 14.0
# Longer than the idle time of usual client pools, so that they and not we close first (a request that meets a
# close is lost to its client); short enough that idle connections go away.
KEEP_ALIVE = 30

# Objects made until the collector looks for cycles; by default 700. It finds next to none, and took a sixth of the
# CPU of a service. Not more: looking at so many stops everybody for some 10 ms.
GARBAGE = 20_000

# A thread that has its answer of the database waits so long for its turn while the event loop is busy, several times
# a call; by default 5 ms. In a rush a shared write took half a second.
SWITCH_SECONDS = 0.00005

log = structlog.stdlib.get_logger("http_edge")


def run(app: Starlette, settings: EdgeSettings, **options: Any) -> NoReturn:
    """Serve until SIGTERM, SIGINT or `stop`; exit with 0 or the code of `stop`. `options` are uvicorn's."""
    configure_logging(app.state.about.service, settings.log_format)
    try:
        sockets = listen(settings.host, settings.port)
    except PortTaken as error:
        log.error(str(error))
        sys.exit(1)
    server = Server(_config(app, options), app.state.stop)
    collect_garbage_rarely()
    sys.setswitchinterval(SWITCH_SECONDS)
    log.info("listening", urls=addresses(sockets))
    with contextlib.suppress(SystemExit, asyncio.CancelledError, KeyboardInterrupt):
        server.run(sockets)
    sys.exit(server.exit_code)


def collect_garbage_rarely() -> None:
    """What was imported stays for ever, and is not looked at again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(GARBAGE, 10, 10)


def _config(app: Starlette, options: dict[str, Any]) -> uvicorn.Config:
    proxies: Collection[str] = app.state.settings.trusted_proxies
    defaults: dict[str, Any] = {
        "lifespan": "on",
        "log_config": None,
        "access_log": False,
        # From nobody else, not even on this machine: whoever it is could claim any address.
        "proxy_headers": bool(proxies),
        "forwarded_allow_ips": list(proxies),
        "http": bounded(app.state.settings.request_seconds, raise_file_limit()),
        "ws": "none",
        "timeout_keep_alive": KEEP_ALIVE,
        "timeout_graceful_shutdown": REQUESTS_DEADLINE,
        # limit_concurrency stays off: it counts idle connections and answers in plain text; see limits.py
    }
    return uvicorn.Config(app, **{**defaults, **options})


class Server(uvicorn.Server):
    """uvicorn's, but a signal ends it with exit code 0, also while it starts, and within a deadline."""

    def __init__(self, config: uvicorn.Config, stop: Stop) -> None:
        super().__init__(config)
        self.stop = stop
        self.serving: asyncio.Task[None] | None = None
        self.loop: asyncio.AbstractEventLoop | None = None
        stop.on_stop = self.ask_to_stop
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self.handle_exit)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=[])
        self.doors = Doors(sockets or [], self._connection)
        self.doors.open()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self.doors.close()
        await super().shutdown(sockets)

    def _connection(self) -> asyncio.Protocol:
        protocol: type[Any] = self.config.http_protocol_class
        made = protocol(config=self.config, server_state=self.server_state, app_state=self.lifespan.state)
        return cast(asyncio.Protocol, made)

    @property
    def exit_code(self) -> int:
        """A server that ends though nobody asked it to did not start."""
        return 1 if self.stop.exit_code is None else self.stop.exit_code

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """uvicorn would raise the signal again at its end: exit code -15. Ours are set once and for all."""
        self.loop, self.serving = asyncio.get_running_loop(), asyncio.current_task()
        if self.should_exit:  # the signal came before there was a loop
            self.loop.call_soon(self._give_up_starting)
        yield

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Also while the loop is busy. The second of two (terminal and supervisor) changes nothing.

        Whatever request is in work when it comes has nothing to do with it; hence the empty context.
        """
        contextvars.Context().run(self.stop, 0, signal.Signals(sig).name)

    def ask_to_stop(self) -> None:
        self.should_exit = True
        rope = threading.Timer(EXIT_DEADLINE, self._cut_off)
        rope.daemon = True
        rope.start()
        if self.loop is not None:
            self.loop.call_soon_threadsafe(self._give_up_starting)

    def _give_up_starting(self) -> None:
        if not self.started and self.serving is not None:
            self.serving.cancel()

    def _cut_off(self) -> None:
        """Runs in a thread of its own, so that even a loop that is stuck ends."""
        log.error("stopping took too long and was cut off", seconds=EXIT_DEADLINE)
        os._exit(self.exit_code)
