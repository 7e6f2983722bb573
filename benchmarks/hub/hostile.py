"""Who means no good, or is badly written: `python -m benchmarks.hub.hostile PORT SECONDS`.

Prints what each kind of visit was answered with, how often: the status of a refused handshake, the code of a close.
"""

import asyncio
import json
import math
import socket
import struct
import sys
from collections import Counter, deque
from collections.abc import Mapping

import uvloop

HALF_OPEN = 500
CONNECTS = 1_000  # a second
AT_ONCE = 10  # of them: who was held up makes up for it bit by bit
STAY_SECONDS = 0.05
WITHIN = 10.0  # seconds for an answer
_HEADS = {
    b"Host": b"localhost",
    b"Upgrade": b"websocket",
    b"Connection": b"Upgrade",
    b"Sec-WebSocket-Version": b"13",
    b"Sec-WebSocket-Key": b"dGhlIHNhbXBsZSBub25jZQ==",
}
_GOODBYE = b"\x88\x82\0\0\0\0\x03\xe8"  # close 1000, which is answered by itself
_MASK = b"\0\0\0\0"  # with this one the payload stays as it is


def request(path: bytes = b"/", **heads: bytes) -> bytes:
    given = {**_HEADS, **{name.encode(): value for name, value in heads.items()}}
    return (
        b"GET " + path + b" HTTP/1.1\r\n" + b"".join(b"%s: %s\r\n" % one for one in given.items()) + b"\r\n"
    )


# A request, and what is sent when it was let in.
VISITS: Mapping[str, tuple[bytes, bytes]] = {
    "a parameter that there is not": (request(b"/?lines=all"), b""),
    "another path": (request(b"/nowhere"), b""),
    "another Host": (request(Host=b"evil.example"), b""),
    "another Origin": (request(Origin=b"https://evil.example"), b""),
    "a message of 5,000 bytes": (request(), b"\x81\xfe\x13\x88" + _MASK + b"x" * 5_000),
    "a message of 2 GB, announced": (request(), b"\x81\xff" + struct.pack("!Q", 1 << 31) + _MASK),
    "a frame without a mask": (request(), b"\x81\x05hello"),
    "a frame with an unknown opcode": (request(), b"\x83\x85" + _MASK + b"hello"),
    "a text that is not UTF-8": (request(), b"\x81\x82" + _MASK + b"\xff\xfe" + _GOODBYE),
}


async def visit(port: int, kind: str, answers: Counter[str]) -> None:
    asked, then = VISITS[kind]
    answer = "nothing"
    try:
        async with asyncio.timeout(WITHIN):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(asked)
            status = (await reader.readuntil(b"\r\n\r\n")).split()[1].decode()
            writer.write(then)
            answer = status if status != "101" else await close_code(reader)
            writer.transport.abort()
    except (OSError, TimeoutError, asyncio.IncompleteReadError) as error:
        answer = type(error).__name__
    answers[f"{kind}: {answer}"] += 1


async def close_code(reader: asyncio.StreamReader) -> str:
    """Whatever lines come before it."""
    while True:
        first, size = await reader.readexactly(2)
        if size > 125:
            size = int.from_bytes(await reader.readexactly(2 if size == 126 else 8), "big")
        text = await reader.readexactly(size)
        if first == 0x88:
            return str(int.from_bytes(text[:2], "big"))


class ComeAndGo:
    """Plain sockets: whoever disturbs the hub is not to disturb those beside him, who look at the clock."""

    def __init__(self, port: int, answers: Counter[str]) -> None:
        self._port, self._answers = port, answers
        self._inside: deque[tuple[float, socket.socket]] = deque()

    def come(self, now: float) -> None:
        one = socket.socket()
        one.settimeout(WITHIN)
        try:
            one.connect(("127.0.0.1", self._port))
            one.sendall(request())
            self._inside.append((now, one))
        except OSError as error:
            self._answers[f"came and met {type(error).__name__}"] += 1

    def go(self, now: float) -> None:
        """Whoever has been in for a moment, by a reset."""
        while self._inside and now - self._inside[0][0] > STAY_SECONDS:
            _, one = self._inside.popleft()
            try:
                answer = one.recv(64)
                self._answers["came and went" if b" 101 " in answer else "came and was refused"] += 1
                one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            except OSError as error:
                self._answers[f"came and met {type(error).__name__}"] += 1
            one.close()


async def half_open(port: int) -> asyncio.StreamWriter:
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request()[:60])
    return writer


async def main(port: int, seconds: float) -> None:
    loop, answers = asyncio.get_running_loop(), Counter[str]()
    kept = [await half_open(port) for _ in range(HALF_OPEN)]
    crowd = ComeAndGo(port, answers)
    end, begun, visits = loop.time() + seconds, loop.time(), 0
    async with asyncio.TaskGroup() as group:
        while (now := loop.time()) < end:
            crowd.go(now)
            for _ in range(min(AT_ONCE, int((now - begun) * CONNECTS) - visits)):
                crowd.come(now)
                visits += 1
                if visits % 50 == 0:
                    kind = list(VISITS)[visits // 50 % len(VISITS)]
                    group.create_task(visit(port, kind, answers))
            await asyncio.sleep(0.001)  # one by one, as far as that goes
        crowd.go(math.inf)
    for writer in kept:
        writer.transport.abort()
    print(json.dumps(answers), flush=True)


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1]), float(sys.argv[2])))
