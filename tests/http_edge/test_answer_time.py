"""A call with a body is answered in time, whatever its steps wait for."""

import asyncio
from typing import Any

import pytest
from pydantic import BaseModel
from starlette.requests import Request
from starlette.testclient import TestClient

from http_edge import EdgeSettings, Operation, edge, operations


class Order(BaseModel):
    """Nothing in particular."""


def answer_of(endpoint: Any) -> Any:
    app = edge(
        "orders_service",
        "Takes orders.",
        EdgeSettings(port=1),
        operations=[Operation("POST", "/orders", endpoint, accepts=Order, answers={201: Order})],
    )
    with TestClient(app, raise_server_exceptions=False) as client:
        return client.post("/orders")


def test_a_call_that_waits_too_long_is_told_to_try_again(monkeypatch: pytest.MonkeyPatch) -> None:
    async def waits_for_ever(request: Request, body: Order) -> Order:
        async with asyncio.timeout(5):  # each step has its own, longer deadline
            await asyncio.Event().wait()
        return body

    monkeypatch.setattr(operations, "ANSWER_SECONDS", 0.05)
    answer = answer_of(waits_for_ever)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
    assert answer.json()["detail"] == "It was not done within 0.05 s. Try again."


def test_a_time_out_of_its_own_stays_the_bug_that_it_is() -> None:
    async def runs_out(request: Request, body: Order) -> Order:
        raise TimeoutError

    assert answer_of(runs_out).status_code == 500
