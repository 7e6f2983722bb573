"""A worker, a stateful service and an edge, made in one clone: they pass what every service here has to pass."""

from pathlib import Path

import pytest

from tests.dev.new_service.clones import Clone

MADE = {
    "greetings": "--kind worker --consumes users.registered.v1 --publishes greetings.sent.v1",
    "parcels": "--kind stateful --consumes payments.accepted.v1 --publishes parcels.packed.v1 --topic parcels",
    "ratings": "--kind edge --publishes ratings.given.v1",
}
PACKAGES = " ".join(f"-p {name}_service" for name in MADE)
# What holds the tables of the project to each other. Those of a kind's acceptance suite: see the services of today.
OF_TABLES = (
    "tests/contracts tests/test_docker_compose.py tests/test_env_example.py tests/test_readme_fr.py "
    "tests/test_service_readmes.py tests/dev/docs/test_tables.py tests/event_bus/test_golden_messages.py"
)
OF_RULES = " ".join(
    f"tests/{name}_service/test_{what}.py"
    for name, what in (("greetings", "handlers"), ("parcels", "handlers"), ("ratings", "model"))
)
SMOKE = (
    "tests/parcels_service/test_smoke.py tests/ratings_service/test_smoke.py"  # the worker's: test_walk.py
)


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Clone:
    clone = Clone(tmp_path_factory.mktemp("kinds") / "clone")
    for name, flags in MADE.items():
        done = clone.sh(f"./shop new-service {name} {flags}")
        assert done.returncode == 0, done.stderr
        assert f"  {name}_service/app.py\n" in done.stdout
    return clone


@pytest.mark.parametrize(
    "check",
    [
        ".venv/bin/ruff check --no-cache .",
        ".venv/bin/ruff format --no-cache --check .",
        f".venv/bin/python -m mypy {PACKAGES}",
        ".venv/bin/lint-imports --no-cache",
        "./shop docs check",
    ],
)
def test_it_passes_the_checks(clone: Clone, check: str) -> None:
    done = clone.sh(check)
    assert done.returncode == 0, done.stdout + done.stderr


def test_it_is_in_every_table_and_its_rule_is_still_to_be_written(clone: Clone) -> None:
    done = clone.sh(f".venv/bin/python -m pytest -q -p no:cacheprovider {OF_TABLES} {OF_RULES}")
    assert done.returncode == 0, done.stdout[-4000:]
    assert "3 xfailed" in done.stdout


def test_it_runs(clone: Clone) -> None:
    done = clone.sh(f".venv/bin/python -m pytest -q -p no:cacheprovider {SMOKE}")
    assert done.returncode == 0, done.stdout[-4000:]


def test_what_is_refused_changes_nothing(clone: Clone) -> None:
    before = clone.state()
    (clone.root / "docker-compose.yml").write_text("services: {}\n")
    for flags in (
        "greetings --kind worker --consumes users.registered.v1 --publishes a.done.v1",
        "tips --kind edge --publishes tips.given.v1",  # the compose file is not what it was
    ):
        refused = clone.sh(f"./shop new-service {flags}")
        assert refused.returncode == 1
        assert refused.stderr.count("\n") == 1
    Path(clone.root / "docker-compose.yml").write_bytes(before["docker-compose.yml"])
    assert clone.state() == before
