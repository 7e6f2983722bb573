"""`await serve(setting=…)` starts a hub; it ends with the test."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import pytest

from tests.logs_service.serving import Serve, Serving, a_hub


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    async with AsyncExitStack() as stack:

        async def start(**settings: Any) -> Serving:
            return await stack.enter_async_context(a_hub(**settings))

        yield start
