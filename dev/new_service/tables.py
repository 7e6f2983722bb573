"""The line of a new service in each table that has one a service. All that is not listed here follows from these."""

import re
from pathlib import Path

from dev.new_service import golden
from dev.new_service.map import on_the_map
from dev.new_service.page import Page
from dev.new_service.wanted import Wanted, Way
from dev.new_service.words import constant, table, words_of
from dev.paths import ROOT

KEY_TOPICS = ("identity_keys", "identities")  # what an edge follows to check tokens


class Tables:
    """The edited files. Nothing is written."""

    def __init__(self, wanted: Wanted, root: Path = ROOT) -> None:
        self._wanted, self._root, self._words = wanted, root, words_of(wanted)
        self._pages: dict[str, Page] = {}
        self._language()
        self._launcher()
        self._tools()
        self._containers()
        self._settings()
        self._documents()
        on_the_map(wanted, self._page("logs_service/page/map.js"))

    def texts(self) -> dict[Path, str]:
        """By the path below the root of the project; among them the golden message, which is new."""
        edited = {page.path: page.text for page in self._pages.values()}
        return edited | {golden.SAMPLES / f"{self._wanted.effect}.json": self._golden_message()}

    def _page(self, name: str) -> Page:
        return self._pages.setdefault(name, Page(Path(name), self._root))

    def _language(self) -> None:
        wanted, effect = self._wanted, self._wanted.effect_class
        events = self._page("contracts/events.py")
        events.before("EVENT_TYPES: dict", table("event.py", self._words) + "\n\n")
        events.before("    )\n}\n", f"        {effect},\n")
        if not wanted.is_told:
            events.imported("contracts.topics", constant(wanted))
        exported = self._page("contracts/__init__.py")
        exported.imported("contracts.events", effect)
        exported.row("__all__ = [", f'    "{effect}",\n')
        topics = self._page("contracts/topics.py")
        if wanted.cause:
            topics.row("CONSUMERS = (", f'    "{wanted.service}",\n')
        if wanted.has_new_topic:
            name, key, partitions = wanted.topic.name, wanted.topic.key, wanted.topic.partitions
            new = f'{constant(wanted)} = Topic(name="{name}", key="{key}", partitions={partitions})\n'
            topics.before("\n\ndef dead_letters_of", new)
            topics.before("    *map(dead_letters_of", f"    {constant(wanted)},\n")
            exported.imported("contracts.topics", constant(wanted))
            exported.row("__all__ = [", f'    "{constant(wanted)}",\n')
        self._account()

    def _account(self) -> None:
        wanted, accounts = self._wanted, self._page("contracts/accounts.py")
        letters = [f'dead_letters_of("{wanted.service}")'] if wanted.cause else []
        row = {
            "name": f'"{wanted.service}"',
            "consumes": f"({wanted.cause.topic.name.upper()},)" if wanted.cause else "",
            "reads": "(IDENTITY_KEYS, IDENTITIES)" if wanted.way is Way.edge else "",
            "publishes": f"({', '.join([constant(wanted), *letters, 'METRICS'])})",
            "has_outbox": "True" if wanted.has_database else "",
        }
        said = "".join(f"        {name}={value},\n" for name, value in row.items() if value)
        accounts.before('    Account(name="kafka_browser"', f"    Account(\n{said}    ),\n")
        if wanted.has_new_topic:
            accounts.imported("contracts.topics", constant(wanted))

    def _launcher(self) -> None:
        wanted = self._wanted
        shown = ("health of " + wanted.word, "/readyz") if wanted.way is Way.worker else (wanted.word, "")
        port = f'"{wanted.prefix}PORT", {wanted.port}, {wanted.place}'
        what = f'("{shown[0]}", "{shown[1]}")'
        database = f', "{wanted.prefix}DATABASE"' if wanted.has_database else ""
        row = f'    Kind("{wanted.service}", {port}, {what}{database}),\n'
        self._page("dev/services.py").row("KINDS = (", row)

    def _tools(self) -> None:
        service, linter = self._wanted.service, self._page(".importlinter")
        linter.behind_each("    logs_service", f"    {service}\n")
        linter.word("    users_service | ", f" | {service}")
        self._page("pyproject.toml").row("packages = [", f'    "{service}",\n')

    def _containers(self) -> None:
        wanted, words, compose = self._wanted, self._words, self._page("docker-compose.yml")
        compose.before("  # Creates the topics and ends", table(f"{wanted.way}.yml", words))
        compose.behind_last(r"      - \S+-kafka", f"      - {wanted.short}-kafka\n")
        compose.behind_last(r"  \S+-kafka:", f"  {wanted.short}-kafka:\n")
        if wanted.has_database:
            compose.behind_last(r"      - \S+-database", f"      - {wanted.short}-database\n")
            compose.end(f"  {wanted.short}-database: {{internal: true}}\n")
            self._published()

    def _published(self) -> None:
        """The ports of this machine: of one, and of several."""
        wanted = self._wanted
        for file, variable, ports in (
            ("docker-compose.override.yml", "PORT", str(wanted.port)),
            ("docker-compose.scale.yml", "PORTS", _range(wanted)),
        ):
            outside = f"${{{wanted.prefix}{variable}:-{ports}}}"
            self._page(file).end(f'  {wanted.container}:\n    ports: ["127.0.0.1:{outside}:{wanted.port}"]\n')

    def _settings(self) -> None:
        wanted, example = self._wanted, self._page(".env.example")
        example.before("## kafka_init\n", table(f"{wanted.way}.env", self._words))
        if wanted.has_database:
            for_several = f"of {wanted.container}, with docker-compose.scale.yml"
            variable = f"# {wanted.prefix}PORTS={_range(wanted)}"
            example.end(f"\n# Ports of this machine for several {for_several}.\n{variable}\n")
        example.text = re.sub(r"(?<=^# LOGS_TOPICS=).*", self._shown_topics, example.text, flags=re.MULTILINE)

    def _shown_topics(self, there: re.Match[str]) -> str:
        return ",".join(sorted([*there[0].split(","), *_new_topics(self._wanted)]))

    def _documents(self) -> None:
        wanted = self._wanted
        created = "".join(f" `{name}`" for name in _new_topics(wanted))
        self._page("kafka_init/README.md").behind_last(r".*\.dlq`", f"{created[1:]}\n" if created else "")
        for file, words in (("README.md", _ENGLISH), ("README.fr.md", _FRENCH)):
            page = self._page(file)
            page.before("| [kafka_browser](", _row_of_service(wanted, words))
            page.behind_last(r"\| `\S+\.dlq` \|.*", _rows_of_topics(wanted, words))

    def _golden_message(self) -> str:
        wanted = self._wanted
        user = bool(wanted.cause and "user" in wanted.cause.model_fields)
        told = {"message": f"{wanted.service} has something to say"} if wanted.is_told else {}
        who = {"user": "" if user else "alice"} if wanted.is_told and (user or not wanted.cause) else {}
        key = {self._words["key"]: ""} if wanted.is_keyed else {}
        fields = told | who | key
        return golden.message(wanted.effect, wanted.topic.name, wanted.service, wanted.cause, fields)


# What stands in the READMEs: health, what each kind does, keys and cleanup of topics.
_ENGLISH = {
    "health": "health",
    Way.worker: "makes `{effect}` of `{cause}`",
    Way.stateful: "keeps what `{cause}` says, and tells it as `{effect}`",
    Way.edge: "takes requests, and tells them as `{effect}`",
    "key": "{thing} id",
    "letters": "as the record",
    "kept": "by size",
}
_FRENCH = {
    "health": "santé",
    Way.worker: "fait `{effect}` de `{cause}`",
    Way.stateful: "retient ce que dit `{cause}`, et le dit par `{effect}`",
    Way.edge: "reçoit des requêtes, et les dit par `{effect}`",
    "key": "identifiant ({thing})",
    "letters": "celle de l'enregistrement",
    "kept": "par taille",
}


def _row_of_service(wanted: Wanted, words: dict[str, str]) -> str:
    does = words[wanted.way].format(effect=wanted.effect, cause=wanted.cause.type if wanted.cause else "")
    port = f"{wanted.port} ({words['health']})" if wanted.way is Way.worker else str(wanted.port)
    consumes = [wanted.cause.topic.name] if wanted.cause else list(KEY_TOPICS)
    name = f"[{wanted.service}]({wanted.service}/)"
    cells = [name, port, does, ", ".join(f"`{topic}`" for topic in consumes), f"`{wanted.topic.name}`"]
    return f"| {' | '.join(cells)} |\n"


def _rows_of_topics(wanted: Wanted, words: dict[str, str]) -> str:
    kept, key = words["kept"], words["key"].format(thing=wanted.thing)
    rows = [[f"`{wanted.topic.name}`", key, str(wanted.topic.partitions), kept]]
    letters = [[f"`{wanted.service}.dlq`", words["letters"], "1", kept]]
    new = (rows if wanted.has_new_topic else []) + (letters if wanted.cause else [])
    return "".join(f"| {' | '.join(cells)} |\n" for cells in new)


def _new_topics(wanted: Wanted) -> list[str]:
    letters = [f"{wanted.service}.dlq"] if wanted.cause else []
    return [wanted.topic.name] * wanted.has_new_topic + letters


def _range(wanted: Wanted) -> str:
    """Ten ports for several of a service: 3050-3059 for 3005."""
    first = wanted.port + wanted.place * 9
    return f"{first}-{first + 9}"
