"""A hub that asks for an access token: the public keys on `identity_keys` decide who may see lines."""

import asyncio
import json
import logging

import pytest
from aiokafka import AIOKafkaProducer
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from contracts import Envelope, KeyPublished
from event_bus.wire import encode
from http_edge import KeyPair, KeyRing, Signer, TokenChecker, bearer, generate_key_pair
from logs_service import protocol
from logs_service.admission import Admission
from logs_service.gate import FOR_DATA, FOR_PAGES, FOR_STREAMS
from logs_service.seats import Seats
from tests.conftest import Environment
from tests.logs_service.by_hand import REQUEST
from tests.logs_service.serving import Serve, Serving, until
from tests.logs_service.test_limits import answered
from tests.logs_service.writing import Writer

PAIR = generate_key_pair()


def signed(pair: KeyPair = PAIR, audience: str = "shop", lifetime: int = 60) -> str:
    return Signer(pair, "users_service", audience, lifetime).token("alice")


class Keys:
    """Stands for the topic: `readable` False is a broker that is away, `stuck` one that does not answer."""

    def __init__(self) -> None:
        self.ring = KeyRing()
        self.ring.apply(PAIR.kid, PAIR.public_jwk())
        self.readable, self.stuck = True, asyncio.Event()
        self.stuck.set()
        self.asked = 0

    async def catch_up(self) -> bool:
        self.asked += 1
        await self.stuck.wait()
        return self.readable

    def admission(self, places: int = 10) -> Admission:
        checker = TokenChecker(self.ring, self.catch_up, issuer="users_service", audience="shop")
        return Admission(Seats(places), tokens=checker)


async def refusal(serving: Serving, query: str = "", authorization: str | None = None) -> tuple[int, str]:
    """Status and challenge."""
    headers = {} if authorization is None else {"Authorization": authorization}
    with pytest.raises(InvalidStatus) as refused:
        await connect(f"{serving.url}{query}", additional_headers=headers)
    answer = refused.value.response
    assert json.loads(answer.body or b"")["status"] == answer.status_code
    assert answer.headers.get_all("Content-Type") == ["application/problem+json"]
    return answer.status_code, answer.headers.get("WWW-Authenticate", "")


async def test_who_brings_a_token_in_the_header_or_in_the_query_sees_lines(serve: Serve) -> None:
    serving = await serve(admission=Keys().admission())
    async with (
        connect(serving.url, additional_headers={"Authorization": f"Bearer {signed()}"}) as program,
        connect(f"{serving.url}?access_token={signed()}") as browser,
        connect(f"{serving.url}?meta=1&access_token={signed()}&last=0") as wisher,
    ):
        await serving.joined(3)
        serving.publish("line")
        assert [await program.recv(), await browser.recv()] == ["line", "line"]
        assert json.loads(await wisher.recv())["line"] == "line"


async def test_who_brings_none_or_a_bad_one_is_401(serve: Serve) -> None:
    seats = Keys().admission()
    serving = await serve(admission=seats)
    invalid = (401, 'Bearer error="invalid_token"')
    assert await refusal(serving) == (401, "Bearer")
    assert await refusal(serving, authorization="Basic YTpi") == invalid
    for bad in ("x", signed(audience="bank"), signed(lifetime=-60), signed()[:-4] + "AAAA", ""):
        assert await refusal(serving, f"?access_token={bad}") == invalid
    assert await refusal(serving, authorization=f"Bearer {signed(generate_key_pair())}") == invalid
    assert seats.seats.taken == 0


async def test_one_token_is_enough(serve: Serve) -> None:
    serving = await serve(admission=Keys().admission())
    for query in (f"?access_token={signed()}&access_token={signed()}", f"?access_token={signed()}"):
        assert (await refusal(serving, query, f"Bearer {signed()}"))[0] == 400


async def test_other_rules_hold_too_and_come_first(serve: Serve) -> None:
    keys = Keys()
    serving = await serve(admission=keys.admission(1))
    token = f"access_token={signed()}"
    with pytest.raises(InvalidStatus) as refused:
        await connect(f"ws://evil.example/?{token}", host="127.0.0.1", port=serving.port)
    assert refused.value.response.status_code == 421
    assert (await refusal(serving, f"?unknown=1&{token}"))[0] == 400
    async with connect(f"{serving.url}?{token}"):
        assert (await refusal(serving, f"?{token}"))[0] == 503
        assert (await refusal(serving))[0] == 401


async def test_keys_that_cannot_be_read_are_a_503(serve: Serve) -> None:
    keys = Keys()
    keys.readable = False
    serving = await serve(admission=keys.admission())
    assert (await refusal(serving, f"?access_token={signed(generate_key_pair())}"))[0] == 503


async def test_who_leaves_while_his_token_is_checked_leaves_nothing_behind(serve: Serve) -> None:
    keys = Keys()
    keys.stuck.clear()
    admission = keys.admission()
    serving = await serve(admission=admission)
    _, writer = await asyncio.open_connection("127.0.0.1", serving.port)
    writer.write(REQUEST % f"?access_token={signed(generate_key_pair())}".encode())
    await until(lambda: keys.asked)
    writer.close()
    await until(lambda: not serving.server.server_state.connections, 3)  # sooner than it would be cut off
    assert (admission.seats.taken, len(serving.hub.clients)) == (0, 0)


async def test_nothing_is_read_while_a_token_is_checked(serve: Serve) -> None:
    """Whoever pours in more meanwhile would fill the memory without being let in."""
    keys = Keys()
    keys.stuck.clear()
    serving = await serve(admission=keys.admission())
    _, writer = await asyncio.open_connection("127.0.0.1", serving.port)
    writer.write(REQUEST % f"?access_token={signed()}".encode())
    await serving.joined(1)
    (known,) = serving.server.server_state.connections
    assert reads(known)
    writer.close()
    await until(lambda: not serving.server.server_state.connections)
    _, writer = await asyncio.open_connection("127.0.0.1", serving.port)
    writer.write(REQUEST % f"?access_token={signed(generate_key_pair())}".encode())
    await until(lambda: keys.asked)
    (checked,) = serving.server.server_state.connections
    meanwhile = reads(checked)
    keys.stuck.set()
    writer.close()
    assert not meanwhile


def reads(connection: object) -> bool:
    assert isinstance(connection, protocol.HubProtocol)
    return connection._transport.is_reading()


async def test_a_handshake_whose_check_does_not_end_is_cut_off(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the check waits for: nobody stays for ever who is not let in."""
    monkeypatch.setattr(bearer, "CATCH_UP_DEADLINE", 60.0)
    monkeypatch.setattr(protocol, "HANDSHAKE_SECONDS", 0.2)
    keys = Keys()
    keys.stuck.clear()
    serving = await serve(admission=keys.admission())
    _, writer = await asyncio.open_connection("127.0.0.1", serving.port)
    writer.write(REQUEST % f"?access_token={signed(generate_key_pair())}".encode())
    await until(lambda: keys.asked)
    await until(lambda: not serving.server.server_state.connections)
    assert not serving.hub.clients
    keys.stuck.set()
    writer.close()


async def test_a_hub_that_asks_for_none_ignores_it(serve: Serve) -> None:
    serving = await serve()
    async with connect(f"{serving.url}?access_token=anything"):
        await serving.joined(1)


async def query(request: Request) -> Response:
    return Response(str(request.url.query) + str(request.query_params))


async def test_http_routes_ask_for_it_where_they_show_lines(serve: Serve) -> None:
    pages = [
        Route("/stream", query, middleware=FOR_STREAMS),
        Route("/data", query, middleware=FOR_DATA),
        Route("/page", query, middleware=FOR_PAGES),
    ]
    serving = await serve(admission=Keys().admission(), pages=pages)
    for path in ("/stream", "/data"):
        assert (await answered(serving, path))[0] == 401
        assert (await answered(serving, path, Authorization=f"Bearer {signed()}"))[0] == 200
        assert await answered(serving, f"{path}?last=1&access_token={signed()}") == (200, "last=1last=1")
    assert (await answered(serving, "/page"))[0] == 200


async def test_a_token_is_never_logged(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    serving = await serve(admission=Keys().admission())
    logging.getLogger("websockets.client").setLevel(logging.WARNING)  # that is the test's own side
    try:
        token = signed()
        async with connect(f"{serving.url}?access_token={token}"):
            await serving.joined(1)
        await refusal(serving, f"?nonsense=1&access_token={token}")
        await refusal(serving, f"?access_token={token}x")
        await answered(serving, f"/events?access_token={token}x")
    finally:
        logging.getLogger("websockets.client").setLevel(logging.NOTSET)
    assert token not in caplog.text


async def publish_key(environment: Environment, pair: KeyPair) -> None:
    event = KeyPublished.model_validate(pair.public_jwk())
    record = encode(Envelope.born(event, "users_service", correlation_id="test"))
    servers = environment["KAFKA_BOOTSTRAP_SERVERS"]
    async with AIOKafkaProducer(bootstrap_servers=servers) as producer:
        topic = f"{environment['TOPIC_PREFIX']}{record.topic}"
        await producer.send_and_wait(topic, record.value, record.key, headers=list(record.headers))


async def test_the_keys_are_those_that_were_published(
    serve_logs: Serve, topics: Environment, writer: Writer
) -> None:
    serving = await serve_logs(require_token=True)
    assert (await refusal(serving))[0] == 401
    token = f"?access_token={signed()}"
    async with asyncio.timeout(20):
        while (await answered(serving, f"/topics{token}"))[0] == 503:
            pass  # it has just started: both topics are read within some seconds
    assert (await refusal(serving, token))[0] == 401
    await publish_key(topics, PAIR)
    async with asyncio.timeout(20):
        while (await answered(serving, f"/topics{token}"))[0] == 503:
            pass  # a busy machine may not find the key within the second that a client is made to wait
    async with connect(f"{serving.url}{token}") as client:
        await serving.joined(1)
        (line,) = await writer.write()
        assert await client.recv() == line
