"""The ids of a transaction fit into the metadata of an offset commit, and come back as they were."""

from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from event_bus.ledger import MOST_IDS, pack, unpack

BROKERS_DEFAULT = 4_096  # offset.metadata.max.bytes


@given(st.lists(st.uuids(), max_size=MOST_IDS))
def test_ids_come_back_as_they_were(ids: list[UUID]) -> None:
    assert unpack(pack(ids)) == ids


def test_as_many_as_a_transaction_holds_fit() -> None:
    packed = pack(uuid4() for _ in range(MOST_IDS))
    assert len(packed.encode()) <= BROKERS_DEFAULT


def test_nothing_packed_is_empty() -> None:
    assert pack([]) == ""
    assert unpack("") == []


@pytest.mark.parametrize("foreign", ["not a ledger\x00", '{"by": "somebody else"}', "abc", "é"])
def test_what_pack_did_not_make_is_a_value_error(foreign: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # whatever its words
        unpack(foreign)
