"""A service reaches Kafka, and the database if it has one. Whoever tries more is refused, and it is seen."""

from collections.abc import Iterator
from pathlib import Path

import httpx2 as httpx
import pytest

from dev.kafka import Kafka
from dev.mongo import Mongo
from dev.services import KINDS, Kind, Service
from dev.waiting import until
from tests.flows.shops import OpenShop
from tests.flows.watching import Line, events, watching

FENCE = Path(__file__).with_name("fence")
ALICE = {"username": "alice", "password": "secret"}


class Fenced:
    """A shop whose services run behind the fence, which is built when a Python starts."""

    def __init__(self, folder: Path, kafka: Kafka, mongo: Mongo) -> None:
        self.shop, self._folder = OpenShop(folder, kafka, mongo, Service), folder

    def spawn(self, kind: Kind, label: str = "", **settings: str) -> None:
        ports = [self.shop.kafka.port, *([self.shop.mongo.port] if kind.database_variable else [])]
        fence = {
            "PYTHONPATH": str(FENCE),
            "MAY_REACH": ",".join(map(str, ports)),
            "TRIED": str(self._file(label or kind.name)),
        }
        self.shop.spawn(kind.name, label, **fence, **settings)

    def tried(self, label: str) -> list[str]:
        """The addresses that it wanted to reach and may not."""
        file = self._file(label)
        return file.read_text().splitlines() if file.exists() else []

    def _file(self, label: str) -> Path:
        return self._folder / f"{label}.tried"


@pytest.fixture(scope="module")
def fenced(tmp_path_factory: pytest.TempPathFactory, kafka: Kafka, mongo: Mongo) -> Iterator[Fenced]:
    fenced = Fenced(tmp_path_factory.mktemp("fenced"), kafka, mongo)
    try:
        fenced.shop.make_topics()
        for kind in KINDS:
            fenced.spawn(kind)
        for service in fenced.shop.services.values():
            service.wait_ready()
        yield fenced
    finally:
        fenced.shop.stop()


def of_alice(lines: list[Line]) -> list[Line]:
    return [line for line in lines if line.get("user") == "alice"]


async def test_the_whole_story_is_played_without_a_call_to_anybody(fenced: Fenced) -> None:
    """Register, log in, pay with the token, be refunded; every line is told."""
    shop = fenced.shop
    async with watching(shop.websocket) as watcher, httpx.AsyncClient(timeout=20) as http:
        await http.post(f"{shop.users}/register", data=ALICE)
        token = (await http.post(f"{shop.users}/login", data=ALICE)).json()["access_token"]
        mine = {"Authorization": f"Bearer {token}"}
        await http.post(f"{shop.payments}/pay", data={"product": "poster"}, headers=mine)
        lines = await watcher.until(lambda lines: len(of_alice(lines)) >= 4)
    assert sorted(events(of_alice(lines))) == [
        "payments.accepted",
        "payments.refunded",
        "users.logged_in",
        "users.registered",
    ]
    assert {kind.name: fenced.tried(kind.name) for kind in KINDS} == {kind.name: [] for kind in KINDS}


@pytest.mark.parametrize("name", ["users_service", "notifications_service"])
def test_a_service_that_calls_another_one_is_refused(fenced: Fenced, name: str) -> None:
    """Told that Kafka is where payments_service is, it would call that."""
    (kind,) = (kind for kind in KINDS if kind.name == name)
    own = {kind.database_variable: f"{fenced.shop.prefix}stray"} if kind.database_variable else {}
    another = f"127.0.0.1:{fenced.shop.services['payments_service'].port}"
    fenced.spawn(kind, f"stray-{name}", KAFKA_BOOTSTRAP_SERVERS=another, **own)
    assert until(lambda: another in fenced.tried(f"stray-{name}"), 20)
