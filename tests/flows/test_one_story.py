"""One request is one story: its id and its trace go with it through every hop, and `./shop trace` draws it."""

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest
from aiokafka.structs import ConsumerRecord

from dev.paths import ROOT
from tests.flows.shops import OpenShop
from tests.flows.watching import watching

TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736"
TRACEPARENT = f"00-{TRACE_ID}-00f067aa0ba902b7-01"
ACCEPTED, REQUESTED, MOVED = "payments.accepted.v1", "payments.stock_requested.v1", "stock.moved.v1"
REFUSED, REFUNDED, LINE = "stock.refused.v1", "payments.refunded.v1", "logs.line.v1"
TOPICS = {
    ACCEPTED: "notifications",
    REQUESTED: "inventories",
    MOVED: "stock",
    REFUSED: "stock",
    REFUNDED: "notifications",
    LINE: "logs",
}
Headers = dict[str, str]
Causes = list[tuple[str, str | None]]


async def pay(http: httpx.AsyncClient, shop: OpenShop, story: str, **form: str) -> httpx.Response:
    headers = {"X-Request-ID": story, "traceparent": TRACEPARENT}
    paid = await http.post(f"{shop.payments}/pay", data=form, headers=headers)
    assert (paid.status_code, paid.headers["X-Request-ID"]) == (201, story)
    return paid


async def of_story(shop: OpenShop, story: str, types: list[str]) -> dict[str, list[Headers]]:
    """The headers of the records of a story, by type, as soon as there are so many of each."""
    found: dict[str, list[Headers]] = {}
    async with asyncio.timeout(20):
        for kind in dict.fromkeys(types):
            while len(mine := told(await shop.records(TOPICS[kind]), story, kind)) < types.count(kind):
                await asyncio.sleep(0.1)
            found[kind] = mine
    return found


def told(records: list[ConsumerRecord], story: str, kind: str) -> list[Headers]:
    headers = [{name: part.decode() for name, part in record.headers} for record in records]
    return [said for said in headers if (said["ce_correlationid"], said["ce_type"]) == (story, kind)]


def trace(shop: OpenShop, *arguments: str) -> "subprocess.CompletedProcess[str]":
    argv = [sys.executable, "-m", "dev", "trace", *arguments, "--state", str(Path(shop.folder) / "nothing")]
    environment = {**os.environ, "PYTHONIOENCODING": "utf-8", **shop.environment}
    return subprocess.run(argv, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60)


def traced(shop: OpenShop, wanted: str) -> dict[str, Any]:
    done = trace(shop, wanted, "--json")
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def causes(story: dict[str, Any]) -> Causes:
    """Each type with that of its cause."""
    types = {record["address"]: record["type"] for record in story["records"]}
    return sorted(
        ((record["type"], types.get(record["cause"])) for record in story["records"]),
        key=lambda pair: str(pair),
    )


@pytest.mark.parametrize(
    ("product", "tree"),
    [
        ("standard", [(ACCEPTED, None), (REQUESTED, None), (MOVED, REQUESTED), (LINE, ACCEPTED)]),
        (
            "poster",
            [
                (ACCEPTED, None),
                (REQUESTED, None),
                (REFUSED, REQUESTED),
                (REFUNDED, REFUSED),
                (LINE, ACCEPTED),
                (LINE, REFUNDED),
            ],
        ),
    ],
)
async def test_the_id_and_the_trace_of_a_request_are_those_of_all_that_follows(
    shared: OpenShop, http: httpx.AsyncClient, product: str, tree: Causes
) -> None:
    """Payment, request for goods, their movement or refusal, refund, and each line; the tree has the same causes."""
    story = f"one-story-{product}"
    types = [kind for kind, _ in tree]
    async with watching(shared.websocket) as watcher:
        paid = await pay(http, shared, story, product=product)
        lines = await watcher.of(story, types.count(LINE))
    assert [line["trace_id"] for line in lines] == [TRACE_ID] * types.count(LINE)

    found = await of_story(shared, story, types)
    assert [said["traceparent"] for records in found.values() for said in records] == [TRACEPARENT] * len(
        types
    )
    assert found[ACCEPTED][0]["ce_causationid"] == found[REQUESTED][0]["ce_causationid"] == story

    drawn = traced(shared, story)
    assert causes(drawn) == sorted(tree, key=str)
    assert {record["traceparent"] for record in drawn["records"]} == {TRACEPARENT}
    assert traced(shared, paid.json()["event_ids"][0])["records"] == drawn["records"]


async def test_the_tree_of_a_payment_as_a_person_sees_it(shared: OpenShop, http: httpx.AsyncClient) -> None:
    await pay(http, shared, "one-story-drawn")
    await of_story(shared, "one-story-drawn", [ACCEPTED, REQUESTED, MOVED, LINE])
    done = trace(shared, "one-story-drawn")
    heading, *rows, summary = done.stdout.splitlines()
    assert heading == f"request one-story-drawn  traceparent {TRACEPARENT}"
    shapes = [row[: row.index("20")] for row in rows]  # up to the year
    assert shapes == ["├── ", "│   └── ", "└── ", "    └── "]
    assert all(
        f" {kind}  " in row for kind, row in zip([ACCEPTED, LINE, REQUESTED, MOVED], rows, strict=True)
    )
    assert "payments_service" in rows[0]
    assert f"{shared.prefix}notifications:" in rows[0]
    assert rows[0].endswith("  guest")
    assert " ms logs.line.v1  notifications_service  " in rows[1]
    assert summary.startswith("4 events, 0 dead letters; ")
    assert summary.endswith(" records looked at")


async def test_a_trace_of_nothing_is_one_sentence(shared: OpenShop) -> None:
    done = trace(shared, "nobody-asked-this")
    assert (done.returncode, done.stdout) == (1, "")
    assert "nothing of 'nobody-asked-this' among the " in done.stderr
    assert done.stderr.count("\n") == 1
