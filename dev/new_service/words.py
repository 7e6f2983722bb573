"""What stands in the templates for the names of a service: `$service`, `$Cause`, `$PREFIX`, …"""

from collections.abc import Mapping
from pathlib import Path
from string import Template
from uuid import NAMESPACE_URL, uuid5

from dev.new_service import golden
from dev.new_service.wanted import Wanted, Way

TEMPLATES = Path(__file__).parent / "templates"
_SUFFIX = ".txt"  # or the tools would take a template for code


def files(wanted: Wanted) -> dict[Path, str]:
    """The folder of the service and that of its tests, by the path below the root of the project."""
    words = words_of(wanted)
    homes = {"service": Path(wanted.service), "tests": Path("tests") / wanted.service}
    return {
        homes[file.parent.name] / file.name.removesuffix(_SUFFIX): filled(file, words)
        for kind in ("every", wanted.way)
        for file in sorted((TEMPLATES / kind).glob(f"*/*{_SUFFIX}"))
    }


def table(name: str, words: Mapping[str, str]) -> str:
    """A piece of one of the project's tables, as its template says."""
    return filled(TEMPLATES / "tables" / f"{name}{_SUFFIX}", words)


def filled(file: Path, words: Mapping[str, str]) -> str:
    return Template(file.read_text(encoding="utf-8")).substitute(words)


def words_of(wanted: Wanted) -> dict[str, str]:
    return {
        "word": wanted.word,
        "Word": "".join(part.title() for part in wanted.word.split("_")),
        "service": wanted.service,
        "services_of_tests": _quoted(["users_service"] * (wanted.way is Way.edge) + [wanted.service]),
        "container": wanted.container,
        "short": wanted.short,
        "path": wanted.short,
        "PREFIX": wanted.prefix,
        "port": str(wanted.port),
        "summary": summary(wanted),
        "effect": wanted.effect,
        "Effect": wanted.effect_class,
        "topic": wanted.topic.name,
        "thing": wanted.thing,
        "fact": _fact(wanted.thing, wanted.verb.replace("_", " ")),
        "uuid": str(uuid5(NAMESPACE_URL, f"urn:{wanted.service}")),
        **_of_the_cause(wanted),
        **_of_the_effect(wanted),
    }


def summary(wanted: Wanted) -> str:
    """One sentence, until somebody writes a better one."""
    effect = _without_version(wanted.effect)
    if wanted.cause is None:
        return f"Takes requests, and tells them as {effect}."
    cause = _without_version(wanted.cause.type)
    return (
        f"Makes {effect} of {cause}." if wanted.way is Way.worker else f"Keeps what {cause} says: {effect}."
    )


def _without_version(kind: str) -> str:
    return kind.rpartition(".")[0]


def _fact(thing: str, done: str) -> str:
    """A greeting was sent. Points changed (loyalty)."""
    return f"{done.capitalize()} ({thing})." if " " in done else f"A {thing} was {done}."


def _of_the_cause(wanted: Wanted) -> dict[str, str]:
    if wanted.cause is None:
        return {}
    return {
        "cause": wanted.cause.type,
        "Cause": wanted.cause.__name__,
        "source": wanted.cause.topic.name,
        "key_field": golden.key_field(wanted.cause) or "",
    }


def _of_the_effect(wanted: Wanted) -> dict[str, str]:
    key = f"{wanted.thing}_id"
    keyed = f"\n\n    {key}: str\n\n    def subject(self) -> str:\n        return self.{key}"
    return {
        "key": key,
        "base": "Notification" if wanted.is_told else "Event",
        "own_topic": "" if wanted.is_told else f"\n    topic: ClassVar[Topic] = {constant(wanted)}",
        "key_of_its_own": keyed if wanted.is_keyed else "",
        "arguments": _arguments(wanted, key),
        "told": "message" if wanted.is_told else key,
        "sentence": "(the sentence that people shall read)" if wanted.is_told else "(what it is about)",
    }


def constant(wanted: Wanted) -> str:
    """The topic as the code names it."""
    return wanted.topic.name.upper()


def _arguments(wanted: Wanted, key: str) -> str:
    """With which the template makes its event, before there is a rule."""
    said: dict[str, str] = {}
    if wanted.way is Way.edge:
        said = {"message": "model.sentence(user, asked)", "user": "user", key: "made"}
    elif wanted.is_told:
        said = {"message": f'f"{wanted.service} has seen {{event.subject}}"'}
        if wanted.cause and "user" in wanted.cause.model_fields:
            said["user"] = "event.data.user"
    else:
        said = {key: "event.subject"}
    if not wanted.is_told:
        said = {key: said[key]}
    return ", ".join(f"{name}={value}" for name, value in said.items())


def _quoted(names: list[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)
