"""A browser of Kafka served for real on a loopback port, in the test's own loop."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2 as httpx
import uvicorn

from http_edge.sockets import listen
from kafka_browser.app import build
from kafka_browser.settings import Settings
from tests.event_bus.cluster import until


@asynccontextmanager
async def serving(environment: dict[str, str], **settings: Any) -> AsyncIterator[httpx.AsyncClient]:
    """Gives a client of it."""
    app = build(Settings.model_validate({"port": 0, **environment, **settings}))
    (listening,) = listen("127.0.0.1", 0)
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False, lifespan="on"))
    served = asyncio.create_task(server._serve([listening]))
    await until(lambda: server.started)
    try:
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        async with httpx.AsyncClient(base_url=url, timeout=20) as client:
            yield client
    finally:
        app.state.stop(0, "the test ends")
        server.should_exit = True
        await asyncio.wait_for(served, 10)


async def got(client: httpx.AsyncClient, path: str, **query: Any) -> Any:
    """The JSON of an answer that is one."""
    answer = await client.get(path, params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()
