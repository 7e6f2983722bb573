"""The command `./shop replay`: flags in, a verdict out. The client libraries are needed by it alone."""

import asyncio
import json
import logging
import signal
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import structlog
import typer

from dev import plan, running
from dev.errors import ShopError


def replay(
    service: Annotated[str, typer.Argument(help="A worker: notifications_service.")],
    begin: Annotated[
        str, typer.Option("--from", metavar="1h|TIME|earliest", help="From when on; 2026-11-22T00:00:00Z.")
    ],
    state: Annotated[Path, typer.Option(metavar="DIR", help="The folder of the data and logs.")] = plan.STATE,
    keep: Annotated[bool, typer.Option("--keep", help="Leave what was told again on its topics.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For a program.")] = False,
) -> None:
    """Whether a worker would make the same of its past events; ends 1 if not. Changes nothing."""
    from dev.replay import replaying, showing, workers
    from dev.replay.moment import moment, shown
    from event_bus import BusError

    name, table = workers.worker(service)
    time = moment(begin, datetime.now(UTC))
    broker = running.broker(state)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))  # one report
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # the topics of the moment are deleted then too
    try:
        report = asyncio.run(replaying.replay(broker, name, table, time, keep))
    except BusError as error:
        raise ShopError(f"Kafka at {broker.bootstrap_servers}: {error}. Is the shop up?") from error
    print(json.dumps(showing.as_json(report)) if as_json else "\n".join(showing.lines(report, shown(time))))
    if not report.ok:
        raise SystemExit(1)
