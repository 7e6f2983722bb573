"""The rules for names and passwords."""

import pytest
from pydantic import ValidationError

from users_service.model import Registration, canonical


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("alice", "alice"),
        ("ALICE", "alice"),
        ("\uff21\uff2c\uff29\uff23\uff25", "alice"),  # full-width letters
        ("\U0001d4d0lice", "alice"),  # mathematical script
        ("\u212aelvin", "kelvin"),  # the sign of kelvin
        ("stra\u00dfe", "strasse"),
        ("\ufb01sh", "fish"),  # a ligature
        ("a.b-c_9", "a.b-c_9"),
        ("x" * 32, "x" * 32),
    ],
)
def test_compatibility_forms_and_cases_are_one_name(given: str, name: str) -> None:
    assert canonical(given) == name


@pytest.mark.parametrize(
    "given",
    [
        "",
        "al",
        "x" * 33,
        "al ice",
        "alice\n",
        "al\u200bice",  # zero width
        "\u0430lice",  # a Cyrillic letter that looks like an a
        "ali\u0301ce",
        "al\x00ice",
        "alice@home",
        "../alice",
        "\u0663\u0663\u0663",  # Arabic digits stay what they are
        "\U0001f600\U0001f600\U0001f600",
    ],
)
def test_what_is_no_name_is_refused(given: str) -> None:
    with pytest.raises(ValueError, match="3 to 32"):
        canonical(given)


def test_a_password_may_have_72_bytes_and_not_one_more() -> None:
    assert Registration(username="alice", password="\u00e9" * 36)
    with pytest.raises(ValidationError, match="72 bytes"):
        Registration(username="alice", password="\u00e9" * 36 + "x")


def test_a_password_is_not_shown_when_it_is_printed() -> None:
    assert "geheim" not in repr(Registration(username="alice", password="geheim"))


@pytest.mark.parametrize(
    "email", ["alice", "alice@", "@home", "a lice@home", "alice@home\r\nBcc: x", "a@b@c"]
)
def test_what_is_no_address_is_refused(email: str) -> None:
    with pytest.raises(ValidationError, match="email"):
        Registration(username="alice", password="secret", email=email)


@pytest.mark.parametrize(
    "character", ["\x00", "\x1b", "\x7f", "\x9b", "\u202e", "\u2067", "\u200b"], ids=ascii
)
def test_what_a_terminal_acts_on_or_nobody_sees_is_in_no_address(character: str) -> None:
    """None of these is white space, which could not be in one anyway."""
    with pytest.raises(ValidationError, match="printable"):
        Registration(username="alice", password="secret", email=f"alice{character}@home")


@pytest.mark.parametrize("name", ["", "x" * 101, "a\nb", "a\u2028b", "a\u202eb", "a\x7fb"])
def test_a_name_is_one_printable_line(name: str) -> None:
    with pytest.raises(ValidationError, match="name"):
        Registration(username="alice", password="secret", name=name)


@pytest.mark.parametrize("name", ["guest", "GUEST", "\uff47uest"])
def test_nobody_can_be_the_guest(name: str) -> None:
    with pytest.raises(ValidationError, match="those who pay without one"):
        Registration.model_validate({"username": name, "password": "secret"})
