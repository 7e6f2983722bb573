"""Ten times what can be served: everybody is told something within 5.5 s, and the service does not grow."""

import asyncio
import os
from collections.abc import Coroutine
from typing import Any

import psutil

from benchmarks.edge.overload import ANSWERED_WITHIN, PAY, Answers, crowd, most_memory, offer
from benchmarks.http_load import Connection, request
from dev.services import Service
from http_edge.sockets import raise_file_limit
from tests.flows.shops import OpenShop

WHO = "username=eager&password=secret"
# A request in work has 24 KiB of head and body at most, its task, and its share of a write; 1,024 may be in work.
MOST_GROWTH = 96 * 1024 * 1024


async def loaded(service: Service, load: Coroutine[Any, Any, Answers]) -> Answers:
    """What became of it, and that it cost no more memory than it may."""
    process = psutil.Process(service.pid)
    before = process.memory_info().rss
    watching = asyncio.create_task(most_memory(process))
    answers = await load
    watching.cancel()
    assert await watching - before < MOST_GROWTH
    assert answers.wrong == []
    assert max(answers.seconds) < ANSWERED_WITHIN, str(answers)
    return answers


async def test_of_far_too_many_logins_some_are_served_and_the_others_are_told_at_once(
    shared: OpenShop,
) -> None:
    users = shared.spawn("users_service", "users_service at work", USERS_BCRYPT_COST="12")
    await asyncio.to_thread(users.wait_ready)
    async with Connection(users.port) as http:
        await http.send(request("POST", "/register", WHO))
    rate = 40 * (os.cpu_count() or 1)  # a core hashes four a second
    answers = await loaded(users, offer(users.port, request("POST", "/login", WHO), rate, seconds=8))
    assert answers.statuses.keys() == {200, 503}
    waited = [took for took in answers.refused if took > 3]
    assert len(waited) < len(answers.refused) / 10, "they could have been told at once"


async def test_of_far_too_many_payments_all_are_taken_or_refused_in_time(shared: OpenShop) -> None:
    raise_file_limit()
    payments = shared.services["payments_service"]
    answers = await loaded(payments, crowd(payments.port, PAY, callers=1300, seconds=5))
    assert answers.statuses.keys() == {201, 503}
