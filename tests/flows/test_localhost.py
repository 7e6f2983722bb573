"""`localhost` is 127.0.0.1 or ::1 for whoever resolves it: the services listen on both."""

import asyncio
import json
import subprocess

import pytest

from tests.flows.shops import OpenShop


@pytest.mark.parametrize("option", ["-4", "-6"])
async def test_localhost_is_both_addresses(shared: OpenShop, option: str) -> None:
    port = shared.services["payments_service"].port
    command = ["curl", "-sS", option, "-X", "POST", f"http://localhost:{port}/pay"]
    paid = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, timeout=20)
    assert paid.returncode == 0, paid.stderr
    assert json.loads(paid.stdout)["status"] == "accepted"
