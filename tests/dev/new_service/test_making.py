"""What can be asked for; and that what can't be made leaves everything as it was."""

from pathlib import Path

import pytest

from dev.errors import ShopError
from dev.new_service import making
from dev.new_service.page import Page
from dev.new_service.wanted import Way, wanted

REGISTERED, SENT = "users.registered.v1", "greetings.sent.v1"


def asked(
    name: str = "greetings",
    kind: str | None = "worker",
    consumes: str | None = REGISTERED,
    publishes: str | None = SENT,
    topic: str = "notifications",
) -> object:
    return wanted(name, kind, consumes, publishes, topic)


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"name": "Greetings"}, "'Greetings' is no name for a service"),
        ({"name": "g"}, "2 to 24 small letters"),
        ({"name": "greetings/../x"}, "is no name for a service"),
        ({"name": "users"}, "users_service is there already"),
        ({"name": "users_service"}, "users_service is there already"),
        ({"kind": None}, "--kind is one of worker, stateful, edge"),
        ({"kind": "lambda"}, "--kind is one of worker, stateful, edge"),
        ({"consumes": None}, "a worker service needs --consumes"),
        (
            {"consumes": "users.exploded.v1"},
            "nobody publishes that; what can be consumed: users.registered.v1",
        ),
        ({"consumes": "logs.line.v1"}, "it is only looked at"),
        ({"consumes": "identity.key_published.v1"}, "it is only looked at"),
        ({"kind": "edge"}, "an edge answers requests and consumes nothing"),
        ({"publishes": None}, "--publishes is needed"),
        ({"publishes": "stock.moved.v1"}, "stock.moved.v1 is there already"),
        ({"publishes": "greetings"}, "is no type of an event: it reads like greetings.sent.v1"),
        ({"publishes": "greetings.sent.v2"}, "is no type of an event"),
        ({"publishes": "user.registered.v1"}, "would be the class UserRegistered"),
        ({"topic": "logs"}, "has a purpose of its own"),
        ({"topic": "payments_service.dlq"}, "has a purpose of its own"),
        ({"topic": "two words"}, "is no name for a topic"),
    ],
    ids=str,
)
def test_what_can_not_be_made_is_one_sentence(wrong: dict[str, str | None], why: str) -> None:
    with pytest.raises(ShopError) as refused:
        asked(**wrong)  # type: ignore[arg-type]
    assert why in str(refused.value)
    assert "\n" not in str(refused.value)


def test_names_follow_from_what_was_asked_for() -> None:
    made = wanted("e_mails_service", "worker", REGISTERED, "deliveries.given_up.v1", "deliveries")
    assert (made.service, made.container, made.prefix) == ("e_mails_service", "e-mails-service", "E_MAILS_")
    assert (made.thing, made.effect_class) == ("delivery", "DeliveryGivenUp")
    assert (made.port, made.place) == (3005, 5)
    assert made.has_new_topic
    assert not made.is_told
    assert not made.has_database


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "root" / "there").mkdir(parents=True)
    (tmp_path / "root" / "there" / "kept").write_text("as it was")
    (tmp_path / "root" / "in_the_way").write_text("as it was")
    return tmp_path / "root"


def test_what_can_be_written_in_part_alone_is_not_written(root: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    new = [Path("new/one"), Path("there/kept"), Path("in_the_way/two")]
    for path in new:
        (copy / path).parent.mkdir(parents=True, exist_ok=True)
        (copy / path).write_text("another")
    with pytest.raises(OSError, match="in_the_way"):
        making._bring(new, copy, root)
    assert {path.name: path.read_text() for path in root.rglob("*") if path.is_file()} == {
        "kept": "as it was",
        "in_the_way": "as it was",
    }
    assert not (root / "new").exists()


TABLE = "ROWS = (\n    one,\n    two,\n)\nlast one\nlast two\nend\n"


@pytest.fixture
def page(tmp_path: Path) -> Page:
    (tmp_path / "table").write_text(TABLE)
    return Page(Path("table"), tmp_path)


def test_a_line_is_added_where_a_person_would_add_it(page: Page) -> None:
    page.row("ROWS = (", "    three,\n")
    page.behind_last(r"last \w+", "last three\n")
    page.before("end\n", "nearly\n")
    page.word("end", " of it")
    assert page.text == (
        "ROWS = (\n    one,\n    two,\n    three,\n)\nlast one\nlast two\nlast three\nnearly\nend of it\n"
    )


def test_a_table_that_is_not_as_it_was_is_named_and_nothing_is_guessed(page: Page) -> None:
    for edit in (
        lambda: page.row("LINES = (", "x\n"),
        lambda: page.behind_last(r"first \w+", "x\n"),
        lambda: page.before("last", "x\n"),  # twice
        lambda: page.imported("nowhere", "x"),
    ):
        with pytest.raises(ShopError, match="table is not as it was"):
            edit()
    assert page.text == TABLE


def test_every_kind_has_its_templates() -> None:
    from dev.new_service.words import TEMPLATES

    for way in Way:
        assert (TEMPLATES / way / "service" / "app.py.txt").exists()
        assert (TEMPLATES / way / "tests" / "test_acceptance.py.txt").exists()
