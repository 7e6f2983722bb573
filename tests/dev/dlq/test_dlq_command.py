"""`./shop dlq` as a person and a program call it: what it prints, what it refuses, and how it ends."""

from pathlib import Path

import pytest

from dev import ports
from event_bus import Broker
from tests.dev.dlq.burying import SERVICE, bury, good
from tests.dev.dlq.calling import Dlq, Finished, command, listed, running
from tests.event_bus.cluster import Cluster
from tests.flows.limits import limit


@pytest.fixture
def dlq(broker: Broker, tmp_path: Path) -> Dlq:
    running(tmp_path / "state", broker.bootstrap_servers)
    return command(tmp_path / "state", broker.prefix)


def refused(done: Finished, why: str) -> None:
    assert done.returncode == 1, done.stdout
    assert why in done.stderr
    assert done.stderr.count("\n") == 1, done.stderr


async def test_a_letter_from_the_list_to_its_end(cluster: Cluster, dlq: Dlq, broker: Broker) -> None:
    await bury(cluster, [good("alice", 1)], "unknown \x1b[31m type")
    (letter,) = listed(dlq("list", "--json"))
    address = letter["address"]
    assert address == f"{broker.prefix}{SERVICE}.dlq:0:0"
    assert (letter["source"], letter["service"]) == (f"{broker.prefix}notifications:0:0", SERVICE)
    assert (letter["key"], letter["cut"], letter["resolution"]) == ("alice", False, None)
    for_people = dlq("list").stdout
    assert address in for_people
    assert "unknown \\x1b[31m type" in for_people
    assert "1 letter open" in for_people
    assert "ce_type: payments.accepted.v1" in dlq("show", address).stdout

    tried = dlq("redrive", address)
    assert (tried.returncode, "--yes" in tried.stdout) == (0, True)
    assert f"would redrive {address} → {broker.prefix}notifications" in tried.stdout
    assert len(listed(dlq("list", "--json"))) == 1

    done = dlq("redrive", address, "--yes")
    assert (done.returncode, f"redriven {address}" in done.stdout) == (0, True)
    assert listed(dlq("list", "--json")) == []
    (letter,) = listed(dlq("list", "--all", "--json"))
    assert letter["resolution"]["how"] == "redriven"
    assert f"redriven {letter['resolution']['time']}" in dlq("list", "--all").stdout
    assert "state    redriven" in dlq("show", address).stdout
    refused(dlq("redrive", address, "--yes"), "was redriven already")
    refused(dlq("drop", address), "was redriven already")


async def test_the_list_narrows_by_service_and_by_reason(cluster: Cluster, dlq: Dlq) -> None:
    await bury(cluster, [good("alice", 1)], "unknown type")
    await bury(cluster, [good("bob", 1)], "there is no such payment", service="payments_service")
    assert [letter["key"] for letter in listed(dlq("list", SERVICE, "--json"))] == ["alice"]
    assert [letter["key"] for letter in listed(dlq("list", "--reason", "such", "--json"))] == ["bob"]
    assert "2 letters open" in dlq("list").stdout


async def test_what_is_left_out_is_said_and_the_end_is_not_zero(cluster: Cluster, dlq: Dlq) -> None:
    await bury(cluster, [good("alice", 1)])
    (cut,) = await bury(cluster, [(b"bob", b"x" * 70_000, [])], "too large", cut=True)
    tried = dlq("redrive", "--all")
    assert (tried.returncode, "1 letter chosen" in tried.stdout) == (1, True)
    assert f"{cut} can't be redriven" in tried.stderr
    done = dlq("redrive", "--all", "--yes")
    assert (done.returncode, "1 letter redriven" in done.stdout) == (1, True)
    assert "cut here" in dlq("show", str(cut)).stdout
    assert dlq("drop", "--all", "--yes").returncode == 0
    assert dlq("drop", "--all", "--yes").returncode == 0  # nothing is left: nothing is refused
    refused(dlq("show", str(cut._replace(offset=99))), "there is no dead letter")


async def test_the_record_that_its_topic_does_not_take_any_more_is_said(cluster: Cluster, dlq: Dlq) -> None:
    key, _, headers = good("alice", 1)
    await bury(cluster, [(key, b"x" * 50_000, headers)])
    await limit(cluster.broker.bootstrap_servers, cluster.broker.named("notifications"), 20_000)
    refused(dlq("redrive", "--all", "--yes"), "max.message.bytes")
    assert len(listed(dlq("list", "--json"))) == 1


@pytest.mark.parametrize("arguments", [("list",), ("show", f"{SERVICE}.dlq:0:0"), ("drop", "--all", "--yes")])
def test_where_nothing_runs_it_says_so(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    refused(command(tmp_path / "nothing", "")(*arguments), "./shop up")


@pytest.mark.parametrize("arguments", [("list",), ("redrive", "--all"), ("redrive", "--all", "--yes")])
def test_where_kafka_is_away_it_says_so(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    (port,) = ports.free(1)
    running(tmp_path / "state", f"127.0.0.1:{port}")
    refused(command(tmp_path / "state", "")(*arguments), f"Kafka at 127.0.0.1:{port}")


async def test_a_shop_that_was_not_started_from_here_is_named_by_its_kafka(
    cluster: Cluster, broker: Broker, tmp_path: Path
) -> None:
    await bury(cluster, [good("alice", 1)])
    dlq = command(tmp_path / "nothing", broker.prefix, broker.bootstrap_servers)
    assert [letter["key"] for letter in listed(dlq("list", "--json"))] == ["alice"]


def test_under_another_prefix_it_says_so(broker: Broker, tmp_path: Path) -> None:
    running(tmp_path / "state", broker.bootstrap_servers)
    refused(command(tmp_path / "state", "elsewhere-")("list"), "TOPIC_PREFIX")


def test_two_ways_of_selecting_are_refused(dlq: Dlq) -> None:
    refused(dlq("redrive", "--all", "--reason", "x"), "in one way")
    refused(dlq("drop"), "in one way")
    refused(dlq("list", "users_service"), "has no dead letters")
    refused(dlq("show", "17"), "TOPIC:PARTITION:OFFSET")
