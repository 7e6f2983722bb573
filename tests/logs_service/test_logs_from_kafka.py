"""The whole service over a real broker: what is committed on `logs` is a line, once; what was aborted never is."""

import asyncio
import os
import signal
import uuid
from collections.abc import Sequence

import pytest
from aiokafka import AIOKafkaProducer
from websockets.asyncio.client import ClientConnection, connect

from tests.conftest import Environment, RunService
from tests.logs_service.serving import until


@pytest.fixture
async def writer(topics: Environment) -> AIOKafkaProducer:
    """Writes on `logs` as a worker does."""
    return AIOKafkaProducer(
        bootstrap_servers=topics["KAFKA_BOOTSTRAP_SERVERS"],
        transactional_id=topics["TOPIC_PREFIX"] + "writer",
    )


async def write(
    writer: AIOKafkaProducer, topic: str, lines: Sequence[str], ids: Sequence[uuid.UUID] | None = None
) -> None:
    ids = ids or [uuid.uuid4() for _ in lines]
    for line, event_id in zip(lines, ids, strict=True):
        await writer.send_and_wait(topic, line.encode(), headers=[("ce_id", str(event_id).encode())])


async def receive(client: ClientConnection, count: int) -> list[str | bytes]:
    async with asyncio.timeout(20):
        return [await client.recv() for _ in range(count)]


async def test_committed_lines_arrive_once_and_aborted_ones_never(
    run_service: RunService, topics: Environment, writer: AIOKafkaProducer
) -> None:
    service = await asyncio.to_thread(run_service, "logs_service")
    logs = topics["TOPIC_PREFIX"] + "logs"
    committed = [f'{{"message":"committed {number}"}}' for number in range(100)]
    ids = [uuid.uuid4() for _ in committed]
    async with writer, connect(f"ws://127.0.0.1:{service.port}/") as client:
        async with writer.transaction():
            await write(writer, logs, committed[:50], ids[:50])
        await writer.begin_transaction()
        await write(writer, logs, ["aborted"] * 50)
        await writer.abort_transaction()
        async with writer.transaction():
            await write(writer, logs, committed[30:], ids[30:])  # the first 20 of them are a repetition
        async with writer.transaction():
            await write(writer, logs, ["the last"])
        assert await receive(client, 101) == [*committed, "the last"]
    printed = service.log.read_text().splitlines()
    assert [line for line in printed if "committed" in line] == committed
    assert not any("aborted" in line for line in printed)


async def test_on_sigterm_clients_are_told_and_the_process_ends_with_0(
    run_service: RunService, topics: Environment
) -> None:
    service = await asyncio.to_thread(run_service, "logs_service")
    async with connect(f"ws://127.0.0.1:{service.port}/") as client:
        assert service.child is not None
        os.kill(service.child.pid, signal.SIGTERM)
        await asyncio.wait_for(client.wait_closed(), 5)
        assert client.close_code == 1001
    assert await asyncio.to_thread(service.child.wait, 5) == 0


async def test_without_a_broker_it_serves_and_says_what_it_lacks(run_service: RunService) -> None:
    service = await asyncio.to_thread(
        run_service, "logs_service", ready=False, KAFKA_BOOTSTRAP_SERVERS="127.0.0.1:1"
    )

    await until(lambda: service.missing().startswith("Not ready"))
    async with connect(f"ws://127.0.0.1:{service.port}/"):
        assert "kafka" in service.missing()
