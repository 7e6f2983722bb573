"""A database behind TLS: services reach it if they know who signed its certificate, and take no other for it."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2 as httpx
import pytest

from dev import ports
from dev.mongo import Mongo
from dev.waiting import until
from proofs.proxy import Proxy
from tests.conftest import Environment, RunService
from tests.flows.certificates import Authority

HOST = "localhost"


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path, "authority")


@asynccontextmanager
async def behind_tls(mongo: Mongo, authority: Authority) -> AsyncIterator[str]:
    """The address of a port that speaks TLS and leads to the database."""
    certificate = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    certificate.load_cert_chain(authority.server(HOST))
    (port,) = ports.free(1)
    async with Proxy(port, mongo.port, certificate=certificate):
        yield f"{{}}:{port}/?directConnection=true&tls=true&tlsCAFile={{}}"


async def test_a_service_keeps_its_documents_over_tls(
    http: httpx.AsyncClient, mongo: Mongo, authority: Authority, topics: Environment, run_service: RunService
) -> None:
    async with behind_tls(mongo, authority) as place:
        uri = f"mongodb://{place.format(HOST, authority.file)}"
        payments = await asyncio.to_thread(run_service, "payments_service", MONGO_URI=uri)
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
    mongo: Mongo,
    authority: Authority,
    topics: Environment,
    run_service: RunService,
    tmp_path: Path,
    host: str,
    trusted: str,
    why: str,
) -> None:
    Authority(tmp_path, "stranger")
    async with behind_tls(mongo, authority) as place:
        uri = f"mongodb://{place.format(host, tmp_path / f'{trusted}.pem')}"
        payments = run_service("payments_service", ready=False, MONGO_URI=uri)
        assert await asyncio.to_thread(until, lambda: why in payments.missing(), 20.0), payments.missing()
        assert (await http.post(f"{payments.url}/pay")).status_code == 503
