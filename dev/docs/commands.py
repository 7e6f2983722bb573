"""The commands `./shop docs generate`, `check` and `release`: files written, or held against what they should be."""

from pathlib import Path

import typer

from dev import chromium
from dev.errors import ShopError
from dev.paths import ROOT

app = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="What the tables of the services say, as files."
)


@app.command()
def generate() -> None:
    """Write the schemas, AsyncAPI, OpenAPI, the flow of events, the metrics and the picture anew."""
    from dev.docs import files, png

    made = files.made()
    for path in files.write(made):
        print(path)
    if not png.draw(made[files.SVG], ROOT / files.PNG):
        print(
            f"{files.PNG} stays as it is: there is no Chromium here to draw it (its package is called chromium)"
        )


@app.command()
def check() -> None:
    """Whether they are up to date, and no event changed in a way that breaks who reads it; ends 1 if not."""
    from dev.docs import files

    made = files.made()
    wrong = [f"{path} is stale: ./shop docs generate" for path in files.stale(made)]
    if not wrong and not files.has_its_png(made):
        told = f"{files.PNG} is of another {files.SVG.name}: ./shop docs generate, where there is a Chromium"
        if chromium.program():
            wrong = [told]
        else:  # nobody here can draw it; CI has one, and refuses it
            print(told)
    wrong += _incompatible()
    if wrong:
        raise ShopError("\n".join(["docs check", *wrong]))


@app.command()
def release() -> None:
    """Keep the schemas as they are now: from here on they may only be added to."""
    from dev.docs import released, schemas, tables

    for path in released.release(schemas.by_type(tables.services())):
        print(path)


def _incompatible(root: Path = ROOT) -> list[str]:
    from dev.docs import released, schemas, tables
    from dev.docs.compatibility import advice

    found = released.incompatible(schemas.by_type(tables.services()), root)
    events = dict.fromkeys(one.event for one in found)
    return [*map(str, found), *map(advice, events), *released.rewritten(root)]
