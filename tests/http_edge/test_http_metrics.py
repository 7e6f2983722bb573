"""Requests are counted by the template of their path; nothing that a caller makes up becomes a label."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import pytest
from prometheus_client import REGISTRY, Gauge
from starlette.testclient import TestClient

from http_edge import EdgeSettings, Stop, edge, metrics


def count(method: str, path: str, status: str) -> float:
    labels = {"method": method, "path": path, "status": status}
    return REGISTRY.get_sample_value("http_requests_total", labels) or 0.0


def test_requests_are_counted_by_the_template_of_their_path(client: TestClient) -> None:
    before = count("GET", "/orders/{order_id}", "404")
    client.get("/orders/o1")
    client.get("/orders/o2")
    assert count("GET", "/orders/{order_id}", "404") == before + 2


def test_unknown_paths_and_methods_share_one_label(client: TestClient) -> None:
    before = count("other", "other", "404")
    client.request("BREW", "/made/up")
    client.request("PROPFIND", "/also/made/up")
    assert count("other", "other", "404") == before + 2


def test_an_unexpected_error_is_counted_as_500(client: TestClient) -> None:
    before = count("GET", "/broken", "500")
    client.get("/broken")
    assert count("GET", "/broken", "500") == before + 1


def test_metrics_are_served_for_prometheus(client: TestClient) -> None:
    client.get("/healthz")
    answer = client.get("/metrics")
    assert answer.headers["Content-Type"].startswith("text/plain; version=")
    assert 'http_request_duration_seconds_count{method="GET",path="/healthz"}' in answer.text


def measuring(measure: Callable[[], Awaitable[None]]) -> TestClient:
    @asynccontextmanager
    async def resources(stop: Stop) -> AsyncIterator[Mapping[str, Any]]:
        yield {"measure": measure}

    return TestClient(edge("measured", "", EdgeSettings(port=1), resources=resources))


def test_what_is_only_known_by_a_look_is_looked_at_before_it_is_told() -> None:
    gauge = Gauge("test_looks", "how often somebody looked")

    async def look() -> None:
        gauge.inc()

    with measuring(look) as client:
        assert "test_looks 1.0" in client.get("/metrics").text
        assert "test_looks 2.0" in client.get("/metrics").text


def test_a_look_that_hangs_holds_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "MEASURE_SECONDS", 0.05)

    given_up = []

    async def hangs() -> None:
        try:
            await asyncio.sleep(20)
        except asyncio.CancelledError:
            given_up.append("the look")
            raise

    with measuring(hangs) as client:
        assert client.get("/metrics").status_code == 200
    assert given_up == ["the look"]
