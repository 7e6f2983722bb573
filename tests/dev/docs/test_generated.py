"""The generated files: valid, whole, the same each time, and told when they are stale."""

import hashlib
import json
import struct
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from jsonschema import Draft202012Validator

from contracts import EVENT_TYPES
from contracts.topics import ALL
from dev.docs import files, metrics, png
from dev.docs.architecture import architecture
from dev.docs.asyncapi import SAMPLES, asyncapi
from dev.docs.schemas import schema_of
from dev.docs.tables import Service

SVG = "<svg/>"


@pytest.fixture(scope="module")
def made() -> dict[Path, str]:
    return files.made()


@pytest.fixture
def root(tmp_path: Path, made: dict[Path, str]) -> Path:
    files.write(made, tmp_path)
    return tmp_path


def test_they_are_the_same_each_time_whatever_the_environment_says(
    made: dict[Path, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("USERS_PORT", "no number")
    monkeypatch.setenv("INVENTORIES_CATALOGUE", "nonsense")
    assert files.made() == made


def test_each_says_on_top_by_which_command_it_was_made(made: dict[Path, str]) -> None:
    for path, text in made.items():
        assert "./shop docs generate" in "".join(text.splitlines()[:5]), path


def test_what_is_written_is_not_stale(root: Path, made: dict[Path, str]) -> None:
    assert list(files.stale(made, root)) == []
    assert files.write(made, root) == []


def test_what_was_changed_is_missing_or_is_too_much_is_stale_until_it_is_written_anew(
    root: Path, made: dict[Path, str]
) -> None:
    changed, missing = Path("docs/event_flow.md"), Path("ressources/asyncapi.json")
    too_much = Path("ressources/schemas/users.forgotten.v1.json")
    (root / changed).write_text("by hand")
    (root / missing).unlink()
    (root / too_much).write_text("{}")
    assert set(files.stale(made, root)) == {changed, missing, too_much}
    files.write(made, root)
    assert list(files.stale(made, root)) == []


@pytest.mark.parametrize("name", sorted(EVENT_TYPES))
def test_a_schema_is_valid_and_accepts_the_golden_message(services: Sequence[Service], name: str) -> None:
    schema = schema_of(EVENT_TYPES[name], services)
    Draft202012Validator.check_schema(schema)
    sample = json.loads((SAMPLES / f"{name}.json").read_text(encoding="utf-8"))
    value = json.loads(sample["value"])
    Draft202012Validator(schema).validate(value)
    del value[schema["required"][0]]
    assert list(Draft202012Validator(schema).iter_errors(value)), "and nothing that lacks what is required"


def references(part: object) -> Iterator[str]:
    if isinstance(part, dict):
        yield from (str(target) for name, target in part.items() if name == "$ref")
    for below in part.values() if isinstance(part, dict) else part if isinstance(part, list) else ():
        yield from references(below)


def found(spec: Any, reference: str) -> Any:
    for name in reference.removeprefix("#/").split("/"):
        spec = spec[name]
    return spec


def test_asyncapi_leads_everywhere_it_points_and_has_an_example_of_every_event(
    services: Sequence[Service],
) -> None:
    spec = asyncapi(services)
    for reference in references(spec):
        assert found(spec, reference)
    for name in EVENT_TYPES:
        (example,) = spec["components"]["messages"][name]["examples"]
        assert example["headers"]["ce_type"] == name


def test_asyncapi_has_for_each_service_what_its_table_says(services: Sequence[Service]) -> None:
    operations = asyncapi(services)["operations"]
    pay = operations["payments_service.send.inventories"]
    assert pay["messages"] == [{"$ref": "#/channels/inventories/messages/payments.stock_requested.v1"}]
    sell = operations["inventories_service.receive.inventories"]
    assert sell["bindings"]["kafka"]["groupId"]["const"] == "inventories_service"
    assert "bindings" not in operations["logs_service.receive.logs"], "a reader has no group"
    assert "payments_service.send.payments_service.dlq" in operations


def test_the_picture_has_every_service_and_topic_and_an_arrow_for_whoever_writes_or_reads_one(
    services: Sequence[Service],
) -> None:
    svg = ElementTree.fromstring(architecture(services))
    words = {text.text for text in svg.iter("{http://www.w3.org/2000/svg}text")}
    assert {service.name for service in services} <= words
    assert {topic.name for topic in ALL if not topic.holds_inputs} <= words
    ways = [way.get("class") for way in svg.iter("{http://www.w3.org/2000/svg}path")]
    assert ways.count("way writes") == sum(len(service.writes_to) for service in services)
    assert ways.count("way reads") == sum(len(service.reads_from) for service in services)
    called = [one for one in services if any(cause.words.startswith("POST /") for cause in one.causes)]
    assert ways.count("way calls") == len(called) >= 3, "the edges: users, payments, inventories"


def test_metrics_name_their_labels_and_whose_they_are(made: dict[Path, str]) -> None:
    rows = {one.name: one for one in metrics.found()}
    assert rows["http_requests_total"].labels == ("method", "path", "status")
    assert rows["http_requests_total"].service == "every service"
    assert rows["users_hashing_waiting"].service == "users_service"
    lines = rows["logs_lines_total"]
    assert (lines.type, lines.labels, lines.service) == ("counter", ("topic",), "logs_service")


def test_a_png_says_of_which_svg_it_is_and_stays_a_png() -> None:
    header = (
        struct.pack(">I", 13) + b"IHDR" + b"\0" * 13 + struct.pack(">I", zlib.crc32(b"IHDR" + b"\0" * 13))
    )
    bare = png.SIGNATURE + header + b"rest"
    picture = png.marked(bare, SVG)
    assert png.is_of(picture, SVG)
    assert not png.is_of(picture, SVG + " ")
    assert not png.is_of(bare, SVG)
    assert hashlib.sha256(SVG.encode()).hexdigest().encode() in picture
    length, kind = struct.unpack(">I4s", picture[33:41])
    body = picture[37 : 41 + length]
    assert (kind, struct.unpack(">I", picture[41 + length : 45 + length])[0]) == (b"tEXt", zlib.crc32(body))


def test_without_a_chromium_the_old_picture_stays_and_is_told_to_be_of_another_svg(
    root: Path, made: dict[Path, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dev.chromium.program", lambda: None)
    (root / files.PNG).write_bytes(b"old")
    assert not png.draw(made[files.SVG], root / files.PNG)
    assert (root / files.PNG).read_bytes() == b"old"
    assert not files.has_its_png(made, root)


def test_the_picture_of_the_readme_is_small() -> None:
    assert (files.ROOT / files.PNG).stat().st_size < 150_000
