"""The command `./shop`: reads flags, hands over, and turns every error into one line."""

import json
import os
import signal
import sys
from operator import itemgetter
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from dev import addresses, chromium, doctor, fuzzing, keys, launcher, logfiles, plan, record, status, testing
from dev.dlq import commands as dlq
from dev.docs import commands as docs
from dev.errors import ShopError
from dev.new_service.command import new_service
from dev.paths import ROOT
from dev.replay.command import replay
from dev.run import Stopped
from dev.scale import service_of
from dev.security import administrator
from dev.tail.command import tail
from dev.trace.command import trace

app = typer.Typer(
    help="An event-only shop on a real Kafka, without Docker.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.add_typer(dlq.app, name="dlq")
app.add_typer(keys.app, name="keys")
app.add_typer(docs.app, name="docs")
console = Console(width=None if sys.stdout.isatty() else 160)  # a file or a pipe has no width to keep to

State = Annotated[Path, typer.Option(metavar="DIR", help="The folder of the data and logs.")]
PortsFrom = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        help="Other ports than the usual ones: "
        + ", ".join(f"N+{offset} {name}" for name, offset in sorted(plan.OFFSETS.items(), key=itemgetter(1)))
        + ".",
    ),
]
Scale = Annotated[
    list[str] | None,
    typer.Option(metavar="SERVICE=NUM", help="So many of a service; may be given for each of them."),
]
# Most of a test is waiting for other processes: two files at a time take half of the time on two cores. With three,
# deadlines were missed that have nothing to do with the shop. Each of the two has a Kafka and a database of its own.
PASS_ON = {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}


def say(line: str) -> None:
    print(line, flush=True)


@app.command()
def up(
    state: State = plan.STATE,
    ports_from: PortsFrom = None,
    scale: Scale = None,
    detach: Annotated[bool, typer.Option("-d", "--detach", help="Return when all is ready.")] = False,
    ephemeral: Annotated[
        bool, typer.Option(help="Keep nothing: a folder that is removed at the end.")
    ] = False,
    secure: Annotated[
        bool,
        typer.Option(help="Kafka and the database ask for accounts: one a service, with its rights alone."),
    ] = False,
) -> None:
    """Start everything and stay; Ctrl-C stops it."""
    if detach and ephemeral:
        raise ShopError("-d and --ephemeral do not go together: with -d, choose a folder by --state")
    if detach:
        launcher.in_background(_flags(state, ports_from, scale or [], secure), state.absolute())
    elif ephemeral:
        with launcher.ephemeral() as folder:
            _up(folder, ports_from, scale or [], secure)
    else:
        _up(state, ports_from, scale or [], secure)


def _up(state: Path, ports_from: int | None, scale: list[str], secure: bool) -> None:
    launcher.up(plan.make(state, ports_from, scale, secure), say, lambda run: addresses.show(run, console))


def _flags(state: Path, ports_from: int | None, scale: list[str], secure: bool) -> list[str]:
    ports = ["--ports-from", str(ports_from)] if ports_from else []
    more = [*ports, *(f"--scale={wanted}" for wanted in scale), *(["--secure"] if secure else [])]
    return ["--state", str(state.absolute()), *more]


@app.command()
def down(state: State = plan.STATE) -> None:
    """Stop everything, also what a killed launcher left."""
    launcher.down(state.absolute(), say)


@app.command("status")
def show_status(
    state: State = plan.STATE,
    as_json: Annotated[bool, typer.Option("--json", help="For a program.")] = False,
) -> None:
    """What runs, where, and whether it is ready."""
    if as_json:
        print(json.dumps(status.as_json(state.absolute())))
    else:
        status.show(state.absolute(), console)


@app.command()
def logs(
    service: Annotated[
        str | None, typer.Argument(help="One of them, with its replicas; all if left out.")
    ] = None,
    state: State = plan.STATE,
    follow: Annotated[bool, typer.Option("-f", "--follow", help="Go on with what comes.")] = False,
) -> None:
    """What the processes wrote."""
    folder = state.absolute() / "logs"
    there = {log.stem: log for log in sorted(folder.glob("*.log"))}
    if not there:
        raise ShopError(f"no logs in {folder}: nothing was started there yet")
    if service and service not in there:
        raise ShopError(f"no log of {service}; there are: {', '.join(there)}")
    chosen = [log for name, log in there.items() if service in (None, name, service_of(name))]
    logfiles.show(chosen, follow)


@app.command()
def demo(state: State = plan.STATE) -> None:
    """Play the story on the shop that runs, or on one of its own for the moment."""
    from dev.demo import play  # the client libraries are needed by this command alone

    found = record.read(state.absolute())
    if found and found.ready and found.launcher.process():
        play(found, say)
        return
    say("no shop runs here: starting one for the demo, on free ports, which keeps nothing")
    with launcher.ephemeral() as folder, launcher.running(plan.on_free_ports(folder), say) as run:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.default_int_handler)
        play(run.record, say)


app.command()(tail)
app.command()(trace)
app.command()(replay)
app.command()(new_service)


@app.command()
def topics(state: State = plan.STATE) -> None:
    """Topics, records, consumer groups and how far they are behind."""
    from dev.topics import show

    found = _running(state)
    show(found.bootstrap_servers, administrator(found), console)


@app.command()
def audit(
    state: State = plan.STATE,
    within: Annotated[
        float, typer.Option(metavar="SECONDS", help="How long to wait for what is under way.")
    ] = 20.0,
    as_json: Annotated[bool, typer.Option("--json", help="For a program.")] = False,
) -> None:
    """Whether money, goods and events of the shop that runs agree; ends 1 if they do not."""
    from dev.audit import audit as look_through
    from dev.audit import report

    found = look_through(_running(state), plan.settings().get("TOPIC_PREFIX", ""), within)
    if as_json:
        print(json.dumps(report.as_json(found)))
    else:
        report.show(found, console)
    if not found.ok:
        raise SystemExit(1)


def _running(state: Path) -> record.Record:
    found = record.read(state.absolute())
    if found is None:
        raise ShopError(f"nothing runs on {state}; ./shop up starts it")
    return found


@app.command("doctor")
def examine(state: State = plan.STATE, ports_from: PortsFrom = None) -> None:
    """Whether this machine can run it, and what to do if not."""
    if not doctor.show(plan.make(state, ports_from), console):
        raise SystemExit(1)


@app.command(context_settings=PASS_ON)
def test(context: typer.Context) -> None:
    """Run the tests; arguments go to pytest. `test containers`: those that need Docker, left out else."""
    folder = "tests/containers"
    if context.args[:1] == ["containers"]:
        chosen = [folder, *context.args[1:]]
    else:
        launcher.fetch_tools(plan.make(plan.STATE, None))
        chromium.ensure_driver()
        chosen = [f"--ignore={folder}", *context.args]
        if not context.args:
            raise SystemExit(testing.run_all(chosen, console))
    os.chdir(ROOT)
    os.execv(sys.executable, [sys.executable, "-m", "pytest", *chosen])


@app.command(context_settings=PASS_ON)
def fuzz(
    context: typer.Context,
    short: Annotated[bool, typer.Option("--short", help="The few cases of ./shop test.")] = False,
    seed: Annotated[
        int | None, typer.Option(metavar="N", help="Try the cases of an earlier run again.")
    ] = None,
) -> None:
    """Throw all kinds of bad input at a shop of its own; further arguments go to pytest."""
    launcher.fetch_tools(plan.make(plan.STATE, None))
    raise SystemExit(fuzzing.fuzz(context.args, short, seed))


@app.command(context_settings=PASS_ON)
def bench(context: typer.Context, name: str) -> None:
    """Run benchmarks/NAME.py, or the package of that name."""
    folder = ROOT / "benchmarks"
    there = {file.stem for file in folder.glob("[!_]*.py")} | {
        file.parent.name for file in folder.glob("*/__main__.py")
    }
    if name not in there:
        raise ShopError(f"no benchmark {name}; there are: {', '.join(sorted(there)) or 'none'}")
    os.chdir(ROOT)
    os.execv(sys.executable, [sys.executable, "-m", f"benchmarks.{name}", *context.args])


@app.command(context_settings=PASS_ON)
def prove(context: typer.Context) -> None:
    """Kill a shop of its own in every way there is, and audit what came out of it."""
    os.chdir(ROOT)
    os.execv(sys.executable, [sys.executable, "-m", "proofs", *context.args])


@app.command("check", hidden=True)
def prepare_checks() -> None:
    """For scripts/check: the script `shop` installs what the checks need before this is reached."""


def main() -> None:
    try:
        app(prog_name="./shop")
    except ShopError as error:
        sys.exit(f"shop: {error}")
    except (Stopped, KeyboardInterrupt):
        sys.exit(130)  # as a shell says it of Ctrl-C
    except OSError as error:
        sys.exit(f"shop: {error.filename or 'the system'}: {error.strerror}")
