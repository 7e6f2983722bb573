"""A service for tests of a whole process: `served.py BEHAVIOUR`, with deadlines that a test can wait for."""

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import structlog
from pydantic import BaseModel
from starlette.requests import Request

from http_edge import EdgeSettings, Fatal, Operation, Stop, edge, lifespan, read_settings, run, server


class Settings(EdgeSettings):
    port: int = 0


class Done(BaseModel):
    done: bool = True


class Internal(BaseModel):
    amount: int


async def quick(request: Request) -> Done:
    return Done()


async def slow(request: Request) -> Done:
    await asyncio.sleep(1.0)  # longer than the signal needs to arrive
    return Done()


async def endless(request: Request) -> Done:
    await asyncio.Event().wait()
    return Done()


async def stuck(request: Request) -> Done:
    time.sleep(60)  # noqa: ASYNC251
    return Done()


async def logs(request: Request) -> Done:
    secret = request.headers["secret"]
    structlog.stdlib.get_logger("test").info("a line", password=secret, token=secret)
    Internal.model_validate({"amount": secret})
    return Done()


@asynccontextmanager
async def resources(stop: Stop) -> AsyncIterator[Mapping[str, Any]]:
    behaviour = sys.argv[1]
    if behaviour == "refused":
        raise Fatal(78, "no right to read notifications")
    if behaviour == "broken":
        raise RuntimeError("broken at start")
    if behaviour == "hangs at start":
        await asyncio.Event().wait()
    if behaviour == "fenced":
        asyncio.get_running_loop().call_later(0.1, stop, 75, "another process has our id")
    yield {}
    if behaviour == "hangs at close":
        await asyncio.Event().wait()
    if behaviour == "fails at close":
        raise RuntimeError("broken at close")


OPERATIONS = [Operation("GET", f"/{call.__name__}", call) for call in (quick, slow, endless, stuck, logs)]

if __name__ == "__main__":
    lifespan.CLOSING_DEADLINE = 0.5
    server.REQUESTS_DEADLINE = 0.6  # type: ignore[assignment]
    server.EXIT_DEADLINE = 2.0
    settings = read_settings(Settings)
    run(edge("served", "Serves tests.", settings, operations=OPERATIONS, resources=resources), settings)
