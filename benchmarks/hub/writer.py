"""Writes lines on `logs`: `python -m benchmarks.hub.writer BOOTSTRAP_SERVERS`."""

import asyncio
import sys
import uuid
from collections.abc import Sequence

import uvloop
from aiokafka import AIOKafkaProducer

from benchmarks.hub.feeding import Feeder
from contracts import LOGS

BATCH_BYTES = 900_000  # a request; the topic takes a little more


async def main(servers: str) -> None:
    sent: list[asyncio.Future[object]] = []
    async with AIOKafkaProducer(
        bootstrap_servers=servers, acks="all", max_batch_size=BATCH_BYTES
    ) as producer:

        async def publish(lines: Sequence[bytes]) -> None:
            batch = producer.create_batch()
            for line in lines:
                headers = [("ce_id", str(uuid.uuid4()).encode())]
                assert batch.append(timestamp=None, key=None, value=line, headers=headers)
            sent[:] = [future for future in sent if not future.done() or future.result() is None]
            sent.append(await producer.send_batch(batch, LOGS.name, partition=0))

        await Feeder(publish, lambda: all(future.done() for future in sent)).serve(0)


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1]))
