"""There are so many places, in all and for one address; whoever has left, in whatever way, leaves his to another."""

import asyncio
import http.client
import socket
import struct
from contextlib import closing
from typing import Any

import httpx2 as httpx
import pytest
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from http_edge import Problem
from logs_service.admission import Admission
from logs_service.gate import FOR_DATA, FOR_PAGES, FOR_STREAMS
from logs_service.seats import Seats
from tests.logs_service.by_hand import handshake
from tests.logs_service.serving import Serve, Serving, until

PAGE = "https://shop.example"


def refused(seats: Seats, address: str) -> int | None:
    try:
        seats.take(address)
    except Problem as problem:
        return problem.status if int(problem.headers["Retry-After"]) >= 1 else -1
    return None


def test_beyond_the_total_it_is_503() -> None:
    seats = Seats(2)
    assert [refused(seats, "192.0.2.7") for _ in range(3)] == [None, None, 503]


def test_beyond_what_an_address_may_have_it_is_429_for_that_one() -> None:
    seats = Seats(10, per_address=2)
    assert [refused(seats, "192.0.2.7") for _ in range(3)] == [None, None, 429]
    assert refused(seats, "192.0.2.8") is None


@pytest.mark.parametrize(
    "others",
    [
        ["2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff"],
        ["192.0.2.7", "::ffff:192.0.2.7"],
        ["fe80::1%eth0", "fe80::2%eth1"],
    ],
)
def test_other_addresses_of_the_same_customer_do_not_help(others: list[str]) -> None:
    seats = Seats(10, per_address=1)
    assert [refused(seats, address) for address in others] == [None, 429]


def test_a_seat_can_be_given_back_once() -> None:
    seats = Seats(1)
    seat = seats.take("192.0.2.7")
    seat.give_back()
    assert refused(seats, "192.0.2.7") is None
    seat.give_back()
    assert refused(seats, "192.0.2.7") == 503


def test_addresses_that_are_gone_are_not_remembered() -> None:
    seats = Seats(10)
    for number in range(5):
        with seats.take(f"192.0.2.{number}"):
            assert seats.taken == 1
    assert not seats._taken


# Served for real


async def stream(request: Request) -> Response:
    async def lines() -> Any:
        yield b"line\n"
        await asyncio.Event().wait()

    return StreamingResponse(lines())


async def query(request: Request) -> Response:
    return Response(request.url.query)


PAGES = [
    Route("/stream", stream, middleware=FOR_STREAMS),
    Route("/data", query, middleware=FOR_DATA),
    Route("/page", query, middleware=FOR_PAGES),
]


async def answered(serving: Serving, path: str, **headers: str) -> tuple[int, str]:
    """Status and body."""

    def get() -> tuple[int, str]:
        with closing(http.client.HTTPConnection("127.0.0.1", serving.port, timeout=5)) as connection:
            connection.request("GET", path, headers=headers)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()

    return await asyncio.to_thread(get)


@pytest.mark.parametrize(("total", "per_address", "status"), [(1, 0, 503), (5, 1, 429)])
async def test_a_handshake_without_a_place_is_told_why_and_when_to_come_again(
    serve: Serve, total: int, per_address: int, status: int
) -> None:
    serving = await serve(admission=Admission(Seats(total, per_address)))
    async with connect(serving.url):
        with pytest.raises(InvalidStatus) as refused:
            await connect(serving.url)
    answer = refused.value.response
    assert answer.status_code == status
    assert answer.headers.get_all("Content-Type") == ["application/problem+json"]
    assert int(answer.headers["Retry-After"]) >= 1
    assert b"LOGS_MAX_CLIENTS" in (answer.body or b"")


async def test_websockets_and_http_streams_share_the_places(serve: Serve) -> None:
    seats = Seats(2)
    serving = await serve(admission=Admission(seats), pages=PAGES)
    async with connect(serving.url):
        reader, streaming = await asyncio.open_connection("127.0.0.1", serving.port)
        streaming.write(b"GET /stream HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert (await reader.readline()).startswith(b"HTTP/1.1 200 ")
        status, body = await answered(serving, "/stream")
        assert (status, "LOGS_MAX_CLIENTS" in body) == (503, True)
        with pytest.raises(InvalidStatus):
            await connect(serving.url)
        assert (await answered(serving, "/data"))[0] == 200  # nobody stays there
        streaming.close()
        await until(lambda: seats.taken == 1)
        async with connect(serving.url):
            assert seats.taken == 2
    await until(lambda: seats.taken == 0)


async def test_every_kind_of_end_frees_the_place(serve: Serve) -> None:
    seats = Seats(1)
    serving = await serve(admission=Admission(seats), ping_seconds=0.1)

    async def free() -> None:
        await until(lambda: seats.taken == 0)

    async with connect(serving.url):
        assert seats.taken == 1
    await free()
    for linger in (0, None):  # close by RST, close by FIN in the middle of a frame
        raw = await handshake(serving.port)
        assert seats.taken == 1
        raw.send(b"\x81")
        if linger is not None:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, linger))
        raw.close()
        await free()
    deaf = await handshake(serving.port)  # answers no ping
    await until(lambda: not serving.hub.clients)
    deaf.close()
    await free()


@pytest.mark.parametrize("wrong", ["/?unknown=1", "/nowhere"])
async def test_who_is_refused_takes_no_place(serve: Serve, wrong: str) -> None:
    seats = Seats(1)
    serving = await serve(admission=Admission(seats))
    for _ in range(3):
        with pytest.raises(InvalidStatus):
            await connect(f"ws://127.0.0.1:{serving.port}{wrong}")
    assert seats.taken == 0


@pytest.mark.parametrize("path", ["/stream", "/data", "/page"])
async def test_http_routes_have_the_same_rules_of_names(serve: Serve, path: str) -> None:
    seats = Seats(5)
    serving = await serve(admission=Admission(seats), pages=PAGES)
    for status, headers in (
        (421, {"Host": "evil.example"}),
        (403, {"Host": "localhost", "Origin": "https://evil.example"}),
    ):
        answer, body = await answered(serving, path, **headers)
        assert (answer, '"status":' in body) == (status, True)
    assert seats.taken == 0
    if path != "/stream":
        assert (await answered(serving, path, Host="localhost"))[0] == 200
        assert (await answered(serving, path, Host="localhost", Origin="http://localhost:1"))[0] == 200


async def test_the_page_of_the_hub_has_them_too(serve: Serve) -> None:
    serving = await serve()
    assert (await answered(serving, "/", Host="evil.example"))[0] == 421
    assert (await answered(serving, "/", Host="localhost"))[0] == 200


async def test_a_page_of_an_allowed_origin_may_read_what_it_gets(serve: Serve) -> None:
    """Its browser keeps the answer from it otherwise."""
    serving = await serve(admission=Admission(Seats(5), origins=frozenset({PAGE})), pages=PAGES)
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{serving.port}") as client:
        answer = await client.get("/data", headers={"Origin": PAGE})
        program = await client.get("/data")
    assert (answer.headers["Access-Control-Allow-Origin"], answer.headers["Vary"]) == (PAGE, "Origin")
    assert "Access-Control-Allow-Origin" not in program.headers
