"""A token says the same wherever it is read, and whatever is no token is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logs_service.position import Mark, NoToken, Position, covers, position_of, stamp, token

marks = st.builds(Mark, st.integers(-1, 2**47), st.integers(0, 2**24 - 1))
positions = st.dictionaries(st.integers(0, 65_535), marks, max_size=20)


@given(positions)
def test_a_token_is_its_position(position: Position) -> None:
    assert position_of(token(position)) == position


@given(positions)
def test_a_token_can_stand_in_a_query(position: Position) -> None:
    assert token(position).replace("-", "").replace("_", "").isalnum()


@given(positions, st.data())
def test_a_token_that_was_cut_is_refused(position: Position, data: st.DataObject) -> None:
    whole = token(position)
    with pytest.raises(NoToken):
        position_of(whole[: data.draw(st.integers(0, len(whole) - 1))])


@pytest.mark.parametrize("text", ["", "AQ", "nonsense", "é", "AAAA====", "a b", "=", "AQ" * 200])
def test_what_no_hub_has_made_is_refused(text: str) -> None:
    with pytest.raises(NoToken):
        position_of(text)


def test_eight_partitions_fit_the_reason_of_a_close_frame() -> None:
    position = {partition: Mark(10**12, 2**24 - 1) for partition in range(8)}
    assert len(token(position)) <= 123


def test_records_of_different_times_have_different_stamps_for_hours() -> None:
    assert len({stamp(time) for time in range(0, 4 * 3_600_000, 997)}) == len(range(0, 4 * 3_600_000, 997))


@pytest.mark.parametrize(
    ("position", "other", "does"),
    [
        ({0: Mark(5)}, {0: Mark(5)}, True),
        ({0: Mark(5)}, {0: Mark(6)}, False),
        ({0: Mark(5), 1: Mark(0)}, {0: Mark(4)}, True),
        ({0: Mark(5)}, {0: Mark(5), 1: Mark(-1)}, True),
        ({0: Mark(5)}, {0: Mark(5), 1: Mark(0)}, False),
    ],
)
def test_a_position_covers_another_if_it_does_in_every_partition(
    position: Position, other: Position, does: bool
) -> None:
    assert covers(position, other) is does
