"""`./shop tail` against real hubs: what it prints, how it goes on after a cut, and how it ends."""

import asyncio
import fcntl
import json
import os
import pty
import re
import struct
import termios
from contextlib import suppress
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer

from logs_service.admission import Admission
from logs_service.seats import Seats
from tests.conftest import Environment, RunService
from tests.dev.tail.tailing import tailed, tailing
from tests.logs_service.serving import Serve, until
from tests.logs_service.test_access_token import Keys, signed
from tests.logs_service.writing import Writer


def line(message: str, **said: str) -> str:
    return json.dumps(
        {"time": "2026-11-21T07:03:11.412Z", "level": "INFO", "event": "e", **said, "message": message}
    )


async def test_it_shows_the_last_lines_and_then_what_comes(serve: Serve, tmp_path: Path) -> None:
    serving = await serve()
    serving.publish(*[line(f"m{number}") for number in range(20)])
    async with tailing(tmp_path, "--url", serving.url) as tail:
        assert [text.split()[-1] for text in await tail.has(10)] == [f"m{number}" for number in range(10, 20)]
        serving.publish(line("live \x1b[31m" + "x" * 500, level="ERROR"), "no JSON")
        live, other = (await tail.has(12))[10:]
        assert live.endswith("live \\x1b[31m" + "x" * 500), "whole, for this is no terminal"
        assert other.endswith(" no JSON")
        assert "\x1b" not in "".join(tail.lines) + tail.said
        assert tail.said == f"shop: connected to {serving.url}; lines appear as they come\n"


async def test_for_programs_the_lines_are_what_they_are(serve: Serve, tmp_path: Path) -> None:
    serving = await serve(ring_bytes=10_000_000)  # a line has to fit
    lines = [line("é …"), "no JSON", "x" * 2_000_000]
    serving.publish(*lines)
    arguments = ("--url", serving.url, "--json", "--last", "3")
    async with tailing(tmp_path, *arguments, PYTHONIOENCODING="ascii") as tail:
        assert await tail.has(3) == lines


async def test_a_terminal_gets_colours_and_lines_as_wide_as_it_is(serve: Serve, tmp_path: Path) -> None:
    serving = await serve()
    serving.publish(line("x" * 500))
    colour = re.compile(r"\x1b\[[0-9;]*3[0-9]m|\x1b\[[0-9;]*9[0-7]m")
    for environ, coloured in (({}, True), ({"NO_COLOR": "1"}, False)):
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 25, 70, 0, 0))
        arguments = ("--url", serving.url, "--last", "1")
        async with tailing(tmp_path, *arguments, out=theirs, TERM="xterm-256color", **environ):
            text = await _first_line(ours)
        os.close(ours)
        os.close(theirs)
        assert bool(colour.search(text)) is coloured
        plain = re.sub(r"\x1b\[[0-9;]*m", "", text).rstrip()
        assert (len(plain), plain[-1]) == (70, "…")


async def _first_line(terminal: int) -> str:
    os.set_blocking(terminal, False)
    seen = b""

    def is_there() -> bool:
        nonlocal seen
        with suppress(BlockingIOError):
            seen += os.read(terminal, 4096)
        return b"\n" in seen

    await until(is_there, 20)
    return seen.decode()


async def test_filters_are_those_of_the_hub(serve_logs: Serve, topics: Environment, tmp_path: Path) -> None:
    serving = await serve_logs()
    lines = {
        "--service": line("1", service="one"),
        "--event": line("2", event="two.v1"),
        "--user": line("3", user="three & four"),
        "--correlation-id": line("4", correlation_id="44"),
        "--level": line("5", level="ERROR"),
        "--contains": line("6%, + and ünicode"),
        "--regex": line("77 7"),
    }
    async with AIOKafkaProducer(bootstrap_servers=topics["KAFKA_BOOTSTRAP_SERVERS"]) as producer:
        for written in [line("none of them"), *lines.values()]:
            await producer.send_and_wait(topics["TOPIC_PREFIX"] + "logs", written.encode())
    values = ["one,x", "two.v1", "three & four", "44", "warning", "%, + and ünicode"[:8], "7{2} "]
    for (option, wanted), value in zip(lines.items(), values, strict=True):
        arguments = ("--url", serving.url, "--json", "--no-follow", option, value)
        assert await tailed(tmp_path, *arguments) == (0, [wanted], "")


async def test_without_following_it_ends_with_what_there_was(
    serve_logs: Serve, writer: Writer, tmp_path: Path
) -> None:
    serving = await serve_logs()
    await writer.write(30)

    async def printed(*arguments: str) -> list[str]:
        code, lines, said = await tailed(tmp_path, "--url", serving.url, "--json", "--no-follow", *arguments)
        assert (code, said) == (0, "")
        return lines

    assert await printed() == writer.all[-10:]
    assert await printed("--last", "3") == writer.all[-3:]
    assert await printed("--all") == writer.all
    assert await printed("--since", "1h", "--contains", '"number":7,') == writer.all[7:8]
    assert await printed("--since", "2999-01-01T00:00:00Z") == []
    assert await printed("logs", "--last", "1") == writer.all[-1:]
    assert await printed("stock", "--all") == []


async def test_after_a_kill_of_the_hub_it_goes_on_strictly_behind(
    run_service: RunService, topics: Environment, writer: Writer, tmp_path: Path
) -> None:
    hub = await asyncio.to_thread(run_service, "logs_service")
    address = f"ws://127.0.0.1:{hub.port}"
    async with tailing(tmp_path, "--url", address, "--json", "--all") as tail:
        await writer.write(20)
        assert await tail.has(20) == writer.all
        await asyncio.to_thread(hub.kill)
        await writer.write(20)
        await asyncio.to_thread(hub.start, 20)
        await writer.write(20)
        assert await tail.has(60) == writer.all
        connected, reconnected = tail.said.splitlines()
        assert connected.startswith("shop: connected to ")
        assert re.fullmatch(r"shop: reconnected after [0-9.]+ s", reconnected)


async def test_what_was_deleted_meanwhile_is_said_and_a_long_absence_too(
    run_service: RunService, topics: Environment, writer: Writer, tmp_path: Path
) -> None:
    hub = await asyncio.to_thread(run_service, "logs_service")
    async with tailing(tmp_path, "--url", hub.url, "--json", "--all") as tail:
        await writer.write(5)
        await tail.has(5)
        await asyncio.to_thread(hub.kill)
        await tail.says("is away")
        await writer.write(20)
        await writer.delete_before(10)
        await asyncio.to_thread(hub.start, 20)
        await tail.says("gone")
        kept = (await tail.has(5 + 16))[5:]
        assert kept == writer.all[-16:], "the fifth record is a marker"
        assert tail.said.count("is away") == 1
        assert (
            "shop: up to 5 lines are gone (deleted) from partition 0 of logs, from offset 5 on" in tail.said
        )


async def test_a_place_in_a_filtered_stream_is_kept_though_nothing_passes(
    serve_logs: Serve, writer: Writer, tmp_path: Path
) -> None:
    """By the notices of progress, which are not shown."""
    serving = await serve_logs()
    arguments = ("--url", serving.url, "--json", "--last", "0", "--contains", "x")
    async with tailing(tmp_path, *arguments) as tail:
        await until(lambda: serving.hub.hot, 20)
        (client,) = serving.hub.hot
        serving.hub.tell_progress(client)
        client.shutdown()  # type: ignore[attr-defined]
        await writer.write(20)  # before it is back: it waits for half a second
        assert await tail.has(20) == writer.all
        assert "gone" not in tail.said


@pytest.mark.parametrize("no_follow", [(), ("--no-follow",)], ids=["follow", "no-follow"])
async def test_a_refusal_is_a_sentence_and_the_end(
    serve: Serve, tmp_path: Path, no_follow: tuple[str, ...]
) -> None:
    serving, full = await serve(), await serve(max_clients=0)
    for arguments, why in {
        ("--url", serving.url, "--level", "loud"): "level is one of",
        ("--url", serving.url, "--since", "noon"): "since is a time like",
        ("--url", serving.url, "--last", "10001"): "10000",
        ("--url", serving.url, "no-such-topic"): "/topics",
        ("--url", serving.url, "b?c=d"): "/topics",
        ("--url", serving.url + "elsewhere"): "refuses",
        ("--url", full.url): "places are taken",
        ("--url", "ws://127.0.0.1:1"): "Connection refused",
        ("--url", "localhost:3000"): "ws://localhost:3000/",
        ("--last", "5", "--all"): "--last, --since and --all",
        ("--state", str(tmp_path / "nothing")): "./shop up",
    }.items():
        code, lines, said = await tailed(tmp_path, *arguments, *no_follow)
        assert (code, lines, said.count("\n")) == (1, [], 1), said
        assert why in said


async def test_a_hub_that_is_full_when_it_is_back_is_tried_again(serve: Serve, tmp_path: Path) -> None:
    seats = Seats(1)
    serving = await serve(admission=Admission(seats))
    async with tailing(tmp_path, "--url", serving.url, "--json", "--last", "0") as tail:
        await tail.says("connected")
        await serving.joined(1)
        seats.total = 0
        (client,) = serving.hub.clients
        client.shutdown()  # type: ignore[attr-defined]
        await tail.says("places are taken")
        seats.total = 1
        await tail.says("reconnected")
        serving.publish("line")
        assert await tail.has(1) == ["line"]


async def test_a_token_opens_a_hub_that_asks_for_one(serve: Serve, tmp_path: Path) -> None:
    serving = await serve(admission=Keys().admission())
    serving.publish("line")
    arguments = ("--url", serving.url, "--json", "--last", "1")
    code, _, said = await tailed(tmp_path, *arguments)
    assert (code, "access token" in said) == (1, True)
    async with tailing(tmp_path, *arguments, "--token", signed()) as tail:
        assert await tail.has(1) == ["line"]
    assert await tailed(tmp_path, *arguments, "--no-follow", SHOP_TOKEN=signed()) == (0, ["line"], "")


async def test_ctrl_c_ends_it_quietly(serve: Serve, tmp_path: Path) -> None:
    serving = await serve()
    async with tailing(tmp_path, "--url", serving.url, "--last", "0") as tail:
        await serving.joined(1)
        await tail.says("connected")
        assert await tail.interrupt() == 0
        assert tail.said.count("\n") == 1
    await until(lambda: not serving.hub.clients)


@pytest.mark.parametrize("form", [(), ("--json",)], ids=["people", "json"])
async def test_a_closed_pipe_ends_it_quietly(serve: Serve, tmp_path: Path, form: tuple[str, ...]) -> None:
    serving = await serve()
    ours, theirs = os.pipe()
    async with tailing(tmp_path, "--url", serving.url, "--last", "0", *form, out=theirs) as tail:
        os.close(theirs)
        await serving.joined(1)
        os.close(ours)
        serving.publish("line")
        assert await tail.ends() == 0
        assert tail.said.count("\n") == 1
