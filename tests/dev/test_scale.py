"""`./shop up --scale SERVICE=NUM`: what can be asked for, and what is refused before anything starts."""

import socket
from pathlib import Path

import pytest

from dev import plan, scale
from dev.errors import ShopError
from tests.dev.conftest import Command


def test_what_is_wanted_is_said_as_to_docker_compose() -> None:
    assert scale.counts(["payments-service=2", "logs_service=3"]) == {
        "payments_service": 2,
        "logs_service": 3,
    }


@pytest.mark.parametrize(
    ("wanted", "why"),
    [
        (
            "kafka_browser=2",
            "what can: users_service, payments_service, inventories_service, notifications_service, logs_",
        ),
        ("payment_service=2", "payment_service can't be scaled"),
        ("payments_service=0", "from 1 to 20"),
        ("payments_service=21", "from 1 to 20"),
        ("payments_service=two", "not SERVICE=NUM, like --scale payments_service=2"),
        ("payments_service", "not SERVICE=NUM"),
    ],
)
def test_what_can_not_be_scaled_is_one_sentence(wanted: str, why: str) -> None:
    with pytest.raises(ShopError) as refused:
        scale.counts([wanted])
    assert why in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_replica_takes_the_next_free_port_and_the_first_one_keeps_its_own(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        found = plan.make(tmp_path, port - 14, ["payments_service=3"]).placed()
    assert found.ports["payments_service"] == port - 12
    further = [found.ports[f"payments_service-{number}"] for number in (2, 3)]
    assert further[0] > port
    assert further == sorted(set(further))
    assert not {*further} & {found.ports[name] for name in plan.OFFSETS}


def test_a_service_that_can_not_be_scaled_is_refused_before_anything_starts(shop_command: Command) -> None:
    refused = shop_command("up", "--scale", "kafka_browser=2")
    assert refused.returncode == 1
    assert "kafka_browser can't be scaled" in refused.stderr
    assert refused.stderr.count("\n") == 1
    assert not shop_command.state.exists()
