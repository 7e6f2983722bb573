"""One way of selecting at a time, and only what can hold dead letters."""

import pytest

from contracts.topics import CONSUMERS
from dev.dlq.selection import known, select
from dev.errors import ShopError
from event_bus import Broker

BROKER = Broker("nowhere:1", "t1-")
LETTER = "t1-payments_service.dlq:0:1"


@pytest.mark.parametrize(
    ("what", "reason", "everything", "why"),
    [
        ([], None, False, "in one way"),
        ([LETTER], None, True, "in one way"),
        ([LETTER], "bad", False, "in one way"),
        ([], "bad", True, "in one way"),
        (["payments_service"], None, False, "in one way"),
        ([LETTER, "payments_service"], None, False, "in one way"),
        ([], "", False, "say --all"),
        (["users_service"], None, True, "users_service has no dead letters"),
        (["notifications:0:1"], None, False, "notifications holds no dead letters"),
        (["payments_service.dlq:0:1"], None, False, "t1-payments_service.dlq"),  # the prefix is not there
        (["t1-payments_service.dlq:0"], None, False, "TOPIC:PARTITION:OFFSET"),
    ],
)
def test_what_is_not_clear_is_refused(
    what: list[str], reason: str | None, everything: bool, why: str
) -> None:
    with pytest.raises(ShopError, match=why):
        select(BROKER, what, reason, everything)


def test_an_address_tells_its_service() -> None:
    assert select(BROKER, [LETTER, LETTER], None, False).services == ["payments_service"]


def test_all_services_are_meant_where_none_is_named() -> None:
    assert select(BROKER, [], "bad", False).services == list(CONSUMERS)
    assert select(BROKER, ["payments_service"] * 2, None, True).services == ["payments_service"]
    assert known([]) == list(CONSUMERS)
