"""What a person sees when everything is ready: the addresses, and three commands to paste."""

from collections.abc import Mapping

from rich.console import Console
from rich.table import Table

from dev.run import Run
from dev.scale import service_of
from dev.services import STARTED
from dev.status import host_of


def show(run: Run, console: Console) -> None:
    table = Table(box=None, pad_edge=False, show_header=False)
    ports = run.plan.ports
    for kind in STARTED:
        what, path = kind.shown
        table.add_row(what, _all(ports, kind.name, path))
    table.add_row("Kafka", run.record.bootstrap_servers)
    table.add_row("MongoDB", host_of(run.record.mongo_uri))
    table.add_row("logs", f"{run.plan.logs}/")
    console.print(table, soft_wrap=True)
    console.print("\nTo watch, in a second terminal:", soft_wrap=True)
    _command(console, f".venv/bin/python -m websockets ws://localhost:{ports['logs_service']}/")
    console.print("To make it move, in a third:")
    form = 'curl -X POST -d "username=alice&password=secret"'
    _command(console, f"{form} http://localhost:{ports['users_service']}/register")
    _command(console, f"{form} http://localhost:{ports['users_service']}/login")
    _command(console, f"curl -X POST http://localhost:{ports['payments_service']}/pay")


def _all(ports: Mapping[str, int], service: str, path: str) -> str:
    """Of each replica."""
    there = [port for name, port in ports.items() if service_of(name) == service]
    return ", ".join(f"http://localhost:{port}{path}" for port in there)


def _command(console: Console, text: str) -> None:
    console.print(f"  {text}", soft_wrap=True, highlight=False, markup=False)
