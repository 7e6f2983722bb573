"""A database behind TLS: services reach it if they know who signed its certificate, and take no other for it."""

import asyncio
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2 as httpx
import pytest

from dev import ports
from dev.child import Child
from dev.mongo import Mongo
from dev.waiting import until
from tests.conftest import Environment, RunService
from tests.flows.certificates import Authority

HOST = "localhost"
Uri = Callable[[str, Path], str]


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path, "authority")


@pytest.fixture
def uri(mongo: Mongo, authority: Authority, tmp_path: Path) -> Iterator[Uri]:
    """Of a port that speaks TLS and leads to the database, under this name, trusting those in this file."""
    (port,) = ports.free(1)
    argv = [
        sys.executable,
        "-m",
        "tests.flows.tls_door",
        str(port),
        str(mongo.port),
        str(authority.server(HOST)),
    ]
    door = Child("tls_door", argv, tmp_path / "tls_door.log")
    try:
        yield f"mongodb://{{}}:{port}/?directConnection=true&tls=true&tlsCAFile={{}}".format
    finally:
        door.stop()


async def test_a_service_keeps_its_documents_over_tls(
    http: httpx.AsyncClient, uri: Uri, authority: Authority, topics: Environment, run_service: RunService
) -> None:
    there = uri(HOST, authority.file)
    payments = await asyncio.to_thread(run_service, "payments_service", MONGO_URI=there)
    paid = await http.post(f"{payments.url}/pay")
    kept = await http.get(f"{payments.url}/payments/{paid.json()['payment_id']}")
    assert (paid.status_code, kept.status_code) == (201, 200)


@pytest.mark.parametrize(
    ("host", "trusted", "why"),
    [
        (HOST, "stranger", "unable to get local issuer certificate"),
        ("127.0.0.1", "authority", "IP address mismatch"),
    ],
)
async def test_it_takes_no_other_for_its_database(
    http: httpx.AsyncClient,
    uri: Uri,
    topics: Environment,
    run_service: RunService,
    tmp_path: Path,
    host: str,
    trusted: str,
    why: str,
) -> None:
    Authority(tmp_path, "stranger")
    there = uri(host, tmp_path / f"{trusted}.pem")
    payments = run_service("payments_service", ready=False, MONGO_URI=there)
    assert await asyncio.to_thread(until, lambda: why in payments.missing(), 20.0), payments.missing()
    assert (await http.post(f"{payments.url}/pay")).status_code == 503
