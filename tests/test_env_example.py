"""`.env.example` has every setting with its default and a comment, and sets none."""

import re
from itertools import pairwise

from pydantic_core import PydanticUndefined

from dev.paths import ROOT
from http_edge.settings import variable_of
from tests.flows.settings_of import SETTINGS

TEXT = (ROOT / ".env.example").read_text()
MACHINE = {"USERS_HASH_THREADS"}  # the default is the number of cores: only the comment can say so


def shown(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, frozenset):
        return ",".join(sorted(value))
    return str(value)


def defaults() -> dict[str, str]:
    found: dict[str, str] = {}
    for settings in SETTINGS.values():
        for name, field in settings.model_fields.items():
            assert field.default is not PydanticUndefined, f"{name} has no default"
            found[variable_of(settings, name)] = shown(field.default)
    return found


def ports_of_containers() -> dict[str, str]:
    """Of Kafka and Kafka UI, which are no services of ours; and the ranges for several of each."""
    text = (ROOT / "docker-compose.yml").read_text() + (ROOT / "docker-compose.scale.yml").read_text()
    return dict(re.findall(r"\$\{(KAFKA[A-Z_]*|[A-Z_]+_PORTS):-([^}]*)\}", text))


def test_every_setting_is_there_with_its_default() -> None:
    there = dict(re.findall(r"^# ([A-Z][A-Z0-9_]*)=(.*)$", TEXT, re.MULTILINE))
    expected = defaults() | ports_of_containers()
    assert set(there) == set(expected)
    assert {name: text for name, text in there.items() if name not in MACHINE} == {
        name: text for name, text in expected.items() if name not in MACHINE
    }


def test_nothing_is_set_and_each_setting_has_its_comment() -> None:
    lines = TEXT.splitlines()
    assert all(not line or line.startswith("#") for line in lines)
    for before, line in pairwise(lines):
        if re.match(r"# [A-Z][A-Z0-9_]*=", line):
            assert re.match(r"#  ? ?[^ ].*[a-z]", before), f"no comment before {line}"
            assert not re.match(r"# [A-Z][A-Z0-9_]*=", before), f"no comment before {line}"
