"""What a proxy must know of Kafka's protocol to hold one kind of request back: its frames, and whose they are."""

import asyncio
import struct
from collections.abc import AsyncIterator

END_TXN = 26  # the key of the request that ends a transaction


async def frames(reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    """One request at a time, with its length before it."""
    while True:
        length = await reader.readexactly(4)
        yield length + await reader.readexactly(int.from_bytes(length))


def key_of(frame: bytes) -> int:
    (key,) = struct.unpack_from(">h", frame, 4)
    return int(key)


def transactional_id(end_txn: bytes) -> str:
    """Of an EndTxn request in the version that our client speaks (0)."""
    behind_client = 14 + _length(
        end_txn, 12
    )  # length 4, key 2, version 2, correlation 4, then the client's name
    start = behind_client + 2
    return end_txn[start : start + _length(end_txn, behind_client)].decode()


def _length(frame: bytes, at: int) -> int:
    """Of a text; -1 says that there is none."""
    (length,) = struct.unpack_from(">h", frame, at)
    return max(0, int(length))
