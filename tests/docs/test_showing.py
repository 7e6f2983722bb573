"""What a page shows of an output, and what of it may differ."""

import pytest

from tests.docs.showing import is_shown, left_over


@pytest.mark.parametrize(
    ("shown", "printed"),
    [
        ("ready", "ready\n"),
        ("ready\n", "ready   \n\n"),
        ("key 1 (…) signs", "key 1 (a.b) signs\n"),
        ("a … c\n", "a b c\n"),
        ("first\n…\nlast\n", "first\nlast\n"),
        ("first\n…\nlast\n", "first\n2\n3\nlast\n"),
        ("at 2026-11-21T07:03:11.412Z", "at 2026-12-01T00:00:00Z"),
        ('{"a":1}\n{"b":2}\n', '{"a":1}{"b":2}'),
        ("green", "\x1b[32mgreen\x1b[0m\n"),
    ],
)
def test_it_is_what_was_printed(shown: str, printed: str) -> None:
    assert is_shown(shown, printed)


@pytest.mark.parametrize(
    ("shown", "printed"),
    [
        ("ready", "not ready\n"),
        ("ready", "ready\nready\n"),
        ("ready\nready\n", "ready\n"),
        ("key 1 (…) signs", "key 1 (a\nb) signs\n"),
        ("first\n…\nlast\n", "first\nlast\nafter\n"),
        ("at 2026-11-21T07:03:11.412Z", "at noon"),
        ("a\nb\n", "ab\n"),
        ("1.5 ms", "125 ms"),
        ("a\n", "a\nb\n"),
    ],
)
def test_it_is_something_else(shown: str, printed: str) -> None:
    assert not is_shown(shown, printed)


def test_in_a_terminal_beside_lines_may_come_in_any_order() -> None:
    assert left_over("< a\n< b…\n", "> \x1b7\n\x1b[A\x1b[L< b2\n\x1b8\n< a\n") == []
    assert left_over("< a\n", "< a\n< a\n") == ["< a"]
    assert left_over("< a\n< a\n", "< a\n") is None
