"""What can be asked for by the query string, and the sentence for everything else."""

from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logs_service.position import Mark, token
from logs_service.wishes import MOST_LAST, After, BadWish, Earliest, Last, Now, Since, Start, Wish, wish_of

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
SECOND = 1000
TOKEN = token({0: Mark(7, 3)})


@pytest.mark.parametrize(
    ("query", "start"),
    [
        ("", Now()),
        ("last=0", Last(0)),
        ("last=100", Last(100)),
        (f"last={MOST_LAST}", Last(MOST_LAST)),
        ("since=90s", Since(int(NOW.timestamp()) * SECOND - 90 * SECOND)),
        ("since=5m", Since(int(NOW.timestamp()) * SECOND - 300 * SECOND)),
        ("since=2h", Since(int(NOW.timestamp()) * SECOND - 7200 * SECOND)),
        ("since=1d", Since(int(NOW.timestamp()) * SECOND - 86_400 * SECOND)),
        ("since=2026-11-21T12:00:00Z", Since(int(NOW.timestamp()) * SECOND)),
        ("since=2026-11-21T13:00:00%2B01:00", Since(int(NOW.timestamp()) * SECOND)),
        ("since=2026-11-21T13:00:00+01:00", Since(int(NOW.timestamp()) * SECOND)),
        ("since=2026-11-21T11:59:59.250Z", Since(int(NOW.timestamp()) * SECOND - 750)),
        ("since=2026-11-21T12:00:00.001Z", Now()),  # what is to come
        ("from=earliest", Earliest()),
        (f"after={TOKEN}", After({0: Mark(7, 3)})),
    ],
)
def test_where_to_begin(query: str, start: Start) -> None:
    assert wish_of(query, NOW) == Wish(start)


def test_in_an_envelope_and_closed_when_slow() -> None:
    assert wish_of("meta=1&slow=close") == Wish(meta=True, close_when_slow=True)
    assert wish_of("meta=0&slow=replay") == Wish()


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("last=-1", "last is a number from 0 to 10000"),
        ("last=10001", "to see more use since or from=earliest"),
        ("last=1e3", "last is"),
        ("last=", "last is"),
        ("last=٣", "last is"),
        ("since=5", "since is a time like"),
        ("since=yesterday", "since is"),
        ("since=999999999d", "since is"),
        ("since=2026-11-21T12:00:00", "needs a time zone"),
        ("since=", "since is"),
        ("from=latest", "from is earliest"),
        ("after=nonsense", "after is a token"),
        (f"after={TOKEN[:-1]}", "after is a token"),
        ("after=", "after is a token"),
        ("meta=yes", "meta is 0 or 1"),
        ("slow=1", "slow is replay or close"),
        ("last=1&since=5m", "last and since exclude each other"),
        (f"from=earliest&after={TOKEN}", "from and after exclude each other"),
        ("last=1&last=2", "given twice"),
        ("lasst=1", "Unknown parameter 'lasst'; there are last, since"),
        ("meta", "not name=value"),
        ("&", "not name=value"),
        ("last=%FF", "in UTF-8"),
        ("&".join(f"a{n}=1" for n in range(21)), "20 fields at most"),
    ],
)
def test_anything_else_is_refused_with_a_sentence(query: str, sentence: str) -> None:
    with pytest.raises(BadWish) as refused:
        wish_of(query, NOW)
    assert sentence in str(refused.value)
    assert str(refused.value).endswith(".")


@given(st.text())
def test_no_query_is_an_accident(query: str) -> None:
    with suppress(BadWish):
        assert wish_of(query, NOW)
