"""The commands of the first minute as they stand in the README, typed into a shell; and any WebSocket client."""

import asyncio
import json
import re
import shlex
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from tests.flows.shops import OpenShop
from tests.flows.topics import lines_of, types_of

REGISTER = 'curl -X POST -d "username=alice&password=secret" http://localhost:3001/register'
LOGIN = 'curl -X POST -d "username=alice&password=secret" http://localhost:3001/login'
PAY = "curl -X POST http://localhost:3002/pay"
SECONDS = 20.0


def typed(command: str, shop: OpenShop) -> dict[str, Any]:
    """Runs a command on the ports of this shop, in place of the usual ones."""
    for port, name in ((3001, "users_service"), (3002, "payments_service")):
        command = command.replace(f":{port}/", f":{shop.services[name].port}/")
    answer = subprocess.run([*shlex.split(command), "-sS"], capture_output=True, text=True, timeout=SECONDS)
    assert answer.returncode == 0, answer.stderr
    return dict(json.loads(answer.stdout))


class Terminal:
    """What a person sees in whose terminal `python -m websockets` runs."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.shown = ""

    async def until(self, text: str, times: int = 1) -> None:
        assert self._process.stdout
        async with asyncio.timeout(SECONDS):
            while self.shown.count(text) < times:
                self.shown += (await self._process.stdout.read(4096)).decode()

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(found) for found in re.findall(r"< (\{.*\})", self.shown)]


@asynccontextmanager
async def terminal(url: str) -> AsyncIterator[Terminal]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "websockets", url, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    try:
        seen = Terminal(process)
        await seen.until("Connected")
        yield seen
    finally:
        process.kill()
        await process.communicate()


async def test_three_commands_are_three_lines(shared: OpenShop) -> None:
    async with terminal(shared.websocket) as seen:
        answers = [await asyncio.to_thread(typed, command, shared) for command in (REGISTER, LOGIN, PAY)]
        await seen.until("event_id", times=3)
        marker = await asyncio.to_thread(typed, PAY, shared)  # whatever was doubled would be there before it
        await seen.until(marker["event_ids"][0])
    registered, _, paid = answers
    lines = seen.lines()
    assert lines[-1]["event_id"] == marker["event_ids"][0]
    assert len(lines) == 4
    of_alice = [line["event"] for line in lines if line["user"] == "alice"]
    assert of_alice == ["users.registered", "users.logged_in"]
    ids = [line["event_id"] for line in lines]
    assert {registered["event_id"], paid["event_ids"][0]} <= set(ids)
    told = [
        record
        for record in await shared.records("notifications")
        if record.key.decode() == paid["payment_id"]
    ]
    asked = [
        record for record in await shared.records("inventories") if record.key.decode() == paid["payment_id"]
    ]
    assert (types_of(told), types_of(asked)) == (["payments.accepted.v1"], ["payments.stock_requested.v1"])
    assert lines_of(asked) == [{"payment_id": paid["payment_id"], "quantity": 1}]


async def test_localhost_is_both_addresses(shared: OpenShop) -> None:
    for option in ("-4", "-6"):
        answer = await asyncio.to_thread(typed, f"{PAY} {option}", shared)
        assert answer["status"] == "accepted"
