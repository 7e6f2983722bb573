"""What happens in a shop, as lines on a hub of the tests."""

import json
import uuid
from itertools import count

from logs_service.clients import Client
from logs_service.hub import Hub
from logs_service.protocol import HubProtocol
from tests.logs_service.serving import Serving

TIME = "2026-11-21T03:11:04.{:03}Z"
_milliseconds = count()


def line(message: str, **members: object) -> str:
    """As contracts.LogLine is written."""
    fields = {
        "time": TIME.format(next(_milliseconds) % 1000),
        "level": "INFO",
        "service": "users_service",
        "event": "users.logged_in",
        "message": message,
        "event_id": str(uuid.uuid4()),
        "correlation_id": uuid.uuid4().hex,
    }
    return json.dumps({**fields, **members}, ensure_ascii=False)


def happens(hub: Serving, *messages: str, **members: object) -> None:
    hub.publish(*(line(message, **members) for message in messages))


def remember_in_the_ring(hub: Hub) -> None:
    """These hubs have no Kafka behind them: who asks for the past gets all that there ever was, from the ring."""

    def behind(client: Client) -> None:
        client.replaying = False
        assert hub.enter(client, hub.ring.floor)

    hub.behind = behind


def cut_connections(hub: Serving) -> None:
    """All at once and without a word, as a network does."""
    for client in list(hub.hub.clients):
        assert isinstance(client, HubProtocol)
        client._transport.abort()
