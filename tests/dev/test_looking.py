"""The commands that look at a shop which runs, and change nothing."""

import json
import subprocess
import urllib.request
from pathlib import Path
from typing import Any

from dev.paths import ROOT
from dev.ports import free_range
from dev.waiting import until
from tests.dev.conftest import Command


def pay(shop: Command, fields: bytes = b"") -> dict[str, Any]:
    with urllib.request.urlopen(
        f"{shop.record().urls['payments_service']}/pay", fields, timeout=10
    ) as answer:
        return dict(json.load(answer))


def test_an_audit_of_a_shop_that_was_used_ends_with_zero(running_shop: Command) -> None:
    paid = [pay(running_shop), pay(running_shop, b"product=poster")]
    for_people, for_programs = running_shop("audit"), running_shop("audit", "--json")
    assert for_people.returncode == 0, for_people.stdout + for_people.stderr
    assert "all is well" in for_people.stdout
    found = json.loads(for_programs.stdout)
    assert found["ok"] is True
    looked_at = {check["check"]: check["looked_at"] for check in found["checks"]}
    assert looked_at["every accepted payment asked for its goods once"] >= len(paid)
    assert {check["wrong"] for check in found["checks"]} == {0}


def test_an_audit_under_another_prefix_says_so_in_one_line(running_shop: Command) -> None:
    """Nothing to look at is not the same as nothing wrong."""
    prefix = running_shop.environment["TOPIC_PREFIX"]
    running_shop.environment["TOPIC_PREFIX"] = "elsewhere-"
    try:
        done = running_shop("audit")
    finally:
        running_shop.environment["TOPIC_PREFIX"] = prefix
    assert done.returncode == 1
    assert "TOPIC_PREFIX" in done.stderr
    assert done.stderr.count("\n") == 1


def test_an_audit_where_nothing_runs_says_so_in_one_line(shop_command: Command) -> None:
    done = shop_command("audit")
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "./shop up" in done.stderr


def test_the_doctor_beside_a_shop_says_that_it_runs(running_shop: Command) -> None:
    done = running_shop("doctor")
    said = " ".join(done.stdout.split())
    assert done.returncode == 0, said
    assert f"(pid {running_shop.record().launcher.pid}) and holds its ports" in said
    assert "taken by" not in said


def test_the_doctor_where_nothing_runs_looks_at_the_ports(shop_command: Command) -> None:
    shop_command.first_port = free_range(13)
    said = " ".join(shop_command("doctor").stdout.split())
    assert f"port of inventories_service ok {shop_command.first_port + 3}" in said


def test_tail_says_at_once_that_it_is_connected(running_shop: Command, tmp_path: Path) -> None:
    """Before any line has come, and not among the lines."""
    said, lines = tmp_path / "stderr", tmp_path / "stdout"
    with said.open("w") as stderr, lines.open("w") as stdout:
        tail = subprocess.Popen(
            [*running_shop.argv("tail"), "--json"],
            cwd=ROOT,
            env=running_shop.environment,
            stdout=stdout,
            stderr=stderr,
        )
    try:
        assert until(lambda: "connected to ws://" in said.read_text(), 20)
        event_id = pay(running_shop)["event_ids"][0]
        assert until(lambda: event_id in lines.read_text(), 20)
        assert "connected" not in lines.read_text()
    finally:
        tail.kill()
        tail.wait()
