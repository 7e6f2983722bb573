"""A broker that was killed is given up by its own controller before it starts again; one that stopped is not."""

from collections.abc import Callable
from pathlib import Path

from dev.kafka import Kafka
from dev.kafka.fencing import FENCED, was_killed


def fenced(broker: Kafka) -> bool:
    log: Path = broker.folder / "controller.log"
    return log.exists() and FENCED in log.read_text()


def test_only_a_broker_that_was_killed_is_fenced_before_it_starts_again(
    own_kafka: Callable[[], Kafka],
) -> None:
    broker = own_kafka()
    broker.restart()
    assert not fenced(broker)
    broker.kill()
    assert was_killed(broker.folder / "data")
    broker.start()
    assert fenced(broker)
    broker.stop()
    assert not was_killed(broker.folder / "data")


def test_a_broker_that_stopped_before_it_could_register_counts_as_killed(tmp_path: Path) -> None:
    (tmp_path / "__cluster_metadata-0").mkdir()
    (tmp_path / ".kafka_cleanshutdown").write_text('{"version":0,"brokerEpoch":-1}')
    assert was_killed(tmp_path)
    (tmp_path / ".kafka_cleanshutdown").write_text('{"version":0,"brokerEpoch":11}')
    assert not was_killed(tmp_path)


def test_a_killed_broker_does_not_start_as_the_leader_that_it_was(own_kafka: Callable[[], Kafka]) -> None:
    """It would skip the markers of its open transactions: its second life has to register as a new one at once."""
    broker = own_kafka()
    broker.kill()
    so_far = broker.log.stat().st_size
    broker.start()
    with broker.log.open("rb") as log:
        log.seek(so_far)
        second_life = log.read().decode()
    assert "DuplicateBrokerRegistration" not in second_life
    assert "likely deleted already" not in second_life
