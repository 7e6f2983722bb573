"""Which records concern a service that publishes to the topic from which it reads."""

import pytest

from contracts import Notification, UserLoggedIn, UserRegistered
from event_bus import On
from event_bus.errors import Undecodable
from event_bus.routing import Routing
from tests.event_bus.golden import golden, golden_record
from tests.event_bus.test_wire import Read


async def nothing(_: object) -> None: ...


RECORD = Read(*golden_record(UserRegistered))
ITSELF, ANOTHER = golden(UserRegistered).source.removeprefix("/"), "another_service"


def test_what_it_publishes_itself_is_of_no_concern_to_it() -> None:
    assert Routing(ITSELF, [On(UserLoggedIn, nothing)]).find(RECORD) is None


def test_what_would_go_round_for_ever_is_a_dead_letter() -> None:
    with pytest.raises(Undecodable, match="go round for ever"):
        Routing(ITSELF, [On(Notification, nothing)]).find(RECORD)


def test_what_others_publish_goes_to_its_row() -> None:
    found = Routing(ANOTHER, [On(UserLoggedIn, nothing), On(Notification, nothing)]).find(RECORD)
    assert found is not None
    assert (found[0].data.type, found[1].event) == (UserRegistered.type, Notification)
