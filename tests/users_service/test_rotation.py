"""Which key signs when, and when one may be forgotten: every state that a key goes through, by the clock."""

import pytest

from users_service.rotation import SPARE_SECONDS, Key, Rotation

WAIT, LIFETIME = 15.0, 3600
OLD = Key(1, readable_at=0.0, lifetime=LIFETIME, retired=False, withdrawn=False)
NEW = Key(2, readable_at=100_000.0, lifetime=0, retired=False, withdrawn=False)
SIGNS_FROM = 100_000.0 + WAIT
EXPIRED_AT = SIGNS_FROM + LIFETIME + SPARE_SECONDS


def key(number: int, readable_at: float | None, **rest: bool) -> Key:
    given = {"retired": False, "withdrawn": False} | rest
    return Key(number, readable_at, LIFETIME, given["retired"], given["withdrawn"])


def rotation(*keys: Key, now: float) -> Rotation:
    return Rotation(keys, WAIT, now)


def states(*keys: Key, now: float) -> list[str]:
    at = rotation(*keys, now=now)
    return [at.state(one) for one in keys]


@pytest.mark.parametrize(
    ("now", "expected", "due"),
    [
        (100_000.0, ["signing", "readable"], []),
        (SIGNS_FROM - 0.1, ["signing", "readable"], []),
        (SIGNS_FROM, ["expiring", "signing"], []),
        (EXPIRED_AT - 0.1, ["expiring", "signing"], []),
        (EXPIRED_AT + 0.1, ["expiring", "signing"], [OLD]),
    ],
)
def test_a_new_key_waits_then_signs_and_the_old_one_is_kept_until_its_last_token_has_expired(
    now: float, expected: list[str], due: list[Key]
) -> None:
    assert states(OLD, NEW, now=now) == expected
    assert rotation(OLD, NEW, now=now).due() == due


def test_a_key_that_nobody_can_read_yet_does_not_count() -> None:
    assert states(OLD, key(2, None), now=1e9) == ["signing", "published"]
    assert rotation(OLD, key(2, None), now=1e9).due() == []
    assert rotation(key(1, None), now=1e9).signing is None


def test_where_no_other_key_could_sign_the_first_one_does_not_wait() -> None:
    assert states(key(1, 100.0), now=100.0) == ["signing"]
    assert states(key(1, 99.0), key(2, 100.0), now=100.0) == ["signing", "readable"]
    gone = key(1, 0.0, withdrawn=True)
    assert states(gone, key(2, 100.0), now=100.0) == ["withdrawn", "signing"]


def test_an_old_key_signs_again_when_the_new_one_was_withdrawn() -> None:
    assert states(OLD, key(2, 100.0, withdrawn=True), now=1e9) == ["signing", "withdrawn"]
    assert rotation(OLD, key(2, 100.0, withdrawn=True), now=1e9).due() == []


def test_what_is_retired_stays_retired_and_changes_nothing() -> None:
    retired = key(1, 0.0, retired=True)
    assert states(retired, NEW, now=1e9) == ["retired", "signing"]
    assert rotation(retired, NEW, now=1e9).due() == []


def test_of_three_keys_the_oldest_expires_when_the_second_begins() -> None:
    third = key(3, 200_000.0)
    at = rotation(OLD, NEW, third, now=200_000.0 + WAIT)
    assert [at.state(one) for one in at.keys] == ["expiring", "expiring", "signing"]
    assert at.expires_at(OLD) == EXPIRED_AT
    assert at.expires_at(third) is None


def test_a_key_that_is_coming_is_named_until_it_signs() -> None:
    assert rotation(OLD, NEW, now=100_000.0).coming == NEW
    assert rotation(OLD, key(2, None), now=100_000.0).coming == key(2, None)
    assert rotation(OLD, NEW, now=SIGNS_FROM).coming is None
    assert rotation(OLD, now=1.0).coming is None
    assert rotation(OLD, NEW, now=100_005.0).signs_in(NEW) == WAIT - 5


def test_the_next_moment_at_which_something_changes_is_known() -> None:
    assert rotation(OLD, NEW, now=100_000.0).next_change() == WAIT
    assert rotation(OLD, NEW, now=SIGNS_FROM).next_change() == EXPIRED_AT - SIGNS_FROM
    assert rotation(OLD, now=1e9).next_change() == float("inf")
