"""Every generated file and what has to be in it; what is there and is not, or is another, is stale."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from dev.docs import asyncapi, png, schemas, tables
from dev.docs.architecture import architecture
from dev.docs.event_flow import event_flow
from dev.docs.marks import COMMAND, as_json
from dev.docs.metrics import metrics_page
from dev.paths import ROOT

RESSOURCES, DOCS = Path("ressources"), Path("docs")
SVG, PNG = RESSOURCES / "architecture.svg", RESSOURCES / "architecture.png"
WHOLE_FOLDERS = (RESSOURCES / "schemas", RESSOURCES / "openapi")  # what else lies there as a file is too much


def made() -> dict[Path, str]:
    """By the path below the root of the project."""
    services = tables.services()
    return {
        RESSOURCES / "asyncapi.json": as_json(asyncapi.asyncapi(services)),
        SVG: architecture(services),
        DOCS / "event_flow.md": event_flow(services),
        **{
            RESSOURCES / "schemas" / f"{name}.json": as_json(schema)
            for name, schema in schemas.by_type(services).items()
        },
        **{
            RESSOURCES / "openapi" / f"{one.name}.json": as_json(
                {"x-generated-by": COMMAND, **one.description}
            )
            for one in tables.described()
        },
        DOCS / "metrics.md": metrics_page(),  # the last: all services are loaded by then
    }


def write(files: Mapping[Path, str], root: Path = ROOT) -> list[Path]:
    """What was changed."""
    changed = list(stale(files, root))
    for path in changed:
        if path in files:
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(files[path], encoding="utf-8")
        else:
            (root / path).unlink()
    return changed


def stale(files: Mapping[Path, str], root: Path = ROOT) -> Iterator[Path]:
    for path, text in files.items():
        if not (root / path).exists() or (root / path).read_text(encoding="utf-8") != text:
            yield path
    for folder in WHOLE_FOLDERS:
        found = (file.relative_to(root) for file in sorted((root / folder).glob("*.json")))
        yield from (path for path in found if path not in files)


def has_its_png(files: Mapping[Path, str], root: Path = ROOT) -> bool:
    return (root / PNG).exists() and png.is_of((root / PNG).read_bytes(), files[SVG])
