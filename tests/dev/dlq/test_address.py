"""Addresses: what is printed is what is taken, and nothing else is."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from dev.dlq.address import Address, NotAnAddress

topics = some.from_regex(r"[A-Za-z0-9._-]{1,249}", fullmatch=True)
addresses = some.builds(Address, topics, some.integers(0, 2**31 - 1), some.integers(0, 2**63 - 1))


@given(addresses)
def test_what_is_printed_is_what_is_taken(address: Address) -> None:
    assert Address.parse(str(address)) == address


@given(
    some.one_of(some.text(), some.from_regex(r"[a-z.:]{0,9}:-?[0-9]{0,21}:[+ ]?[0-9]{0,21}", fullmatch=True))
)
def test_any_text_is_an_address_or_refused_in_one_line(text: str) -> None:
    assert taken(text) in (None, text)


def taken(text: str) -> str | None:
    """As it is printed again; None for one that is refused, in a line that moves no cursor."""
    try:
        return str(Address.parse(text))
    except NotAnAddress as refusal:
        return None if str(refusal).isprintable() else f"not one line: {refusal}"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "notifications_service.dlq",
        "notifications_service.dlq:0",
        "notifications_service.dlq:0:",
        "notifications_service.dlq:0:1:2",
        ":0:1",
        "a topic:0:1",
        "a\n:0:1",
        "notifications:0:1\n",
        " notifications:0:1",
        "notifications:00:1",
        "notifications:0:01",
        "notifications:-1:1",
        "notifications:0:+1",
        "notifications:0:1.0",
        "notifications:0:1_000",
        "notifications:\u0660:\u0661",
        f"notifications:{2**31}:0",
        f"notifications:0:{2**63}",
        f"{'x' * 250}:0:0",
    ],
)
def test_what_looks_like_one_and_is_none_is_refused(text: str) -> None:
    with pytest.raises(NotAnAddress, match="TOPIC:PARTITION:OFFSET"):
        Address.parse(text)


def test_addresses_are_sorted_by_number_and_not_by_their_text() -> None:
    assert sorted([Address("t", 0, 10), Address("t", 0, 9)])[0].offset == 9
