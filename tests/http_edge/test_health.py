"""A service says what it is, that it lives, and by name what it waits for."""

import asyncio
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from http_edge import health

ClientWith = Callable[[Mapping[str, Any]], TestClient]


def test_the_root_says_what_the_service_is_and_its_links_work(client: TestClient) -> None:
    about = client.get("/").json()
    assert (about["service"], about["summary"]) == ("test_service", "Serves tests.")
    assert {client.get(link).status_code for link in about["links"].values()} == {200}


def test_the_version_is_that_of_the_project(client: TestClient) -> None:
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]
    assert client.get("/").json()["version"] == project["version"]


def test_a_service_without_anything_to_wait_for_is_ready(client: TestClient) -> None:
    assert client.get("/healthz").json() == {"healthy": True}
    assert client.get("/readyz").json() == {"ready": True}


def test_each_missing_thing_is_named_with_its_reason_at_each_call(client_with: ClientWith) -> None:
    kafka: list[str | None] = ["connection refused", None]

    async def mongo() -> str | None:
        return "no primary"

    client = client_with({"readiness": {"kafka": lambda: kafka.pop(0), "mongo": mongo, "disk": lambda: None}})
    first, second = client.get("/readyz"), client.get("/readyz")
    assert first.status_code == second.status_code == 503
    assert first.headers["Retry-After"] == "1"
    assert first.headers["Content-Type"] == "application/problem+json"
    assert first.json()["missing"] == [
        {"name": "kafka", "reason": "connection refused"},
        {"name": "mongo", "reason": "no primary"},
    ]
    assert second.json()["missing"] == [{"name": "mongo", "reason": "no primary"}]
    assert client.get("/healthz").status_code == 200


def test_a_check_that_fails_or_hangs_is_itself_the_reason(
    client_with: ClientWith, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "CHECK_DEADLINE", 0.05)

    def failing() -> str | None:
        raise ConnectionError("mongodb://user:secret@host")

    async def hanging() -> str | None:
        await asyncio.Event().wait()
        return None

    answer = client_with({"readiness": {"mongo": failing, "kafka": hanging}}).get("/readyz")
    assert [item["reason"] for item in answer.json()["missing"]] == [
        "ConnectionError",
        "no answer within 0.05 s",
    ]
    assert "secret" not in answer.text


def test_a_process_that_stops_is_not_ready(client: TestClient) -> None:
    client.app.state.stop(75, "fenced")  # type: ignore[attr-defined]
    assert client.get("/readyz").json()["missing"] == [{"name": "process", "reason": "it is stopping"}]
