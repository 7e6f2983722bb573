"""`await serve(setting=…)` starts a hub without Kafka, `await serve_logs(setting=…)` a whole one."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import pytest

from tests.conftest import Environment
from tests.logs_service.serving import Serve, Serving, a_hub, a_whole_hub
from tests.logs_service.writing import Writer, writing


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    async with AsyncExitStack() as stack:

        async def start(**settings: Any) -> Serving:
            return await stack.enter_async_context(a_hub(**settings))

        yield start


@pytest.fixture
async def serve_logs(topics: Environment) -> AsyncIterator[Serve]:
    async with AsyncExitStack() as stack:

        async def start(**settings: Any) -> Serving:
            return await stack.enter_async_context(a_whole_hub(topics, **settings))

        yield start


@pytest.fixture
async def writer(topics: Environment) -> AsyncIterator[Writer]:
    async with writing(topics) as writer:
        yield writer
