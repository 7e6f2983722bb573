"""What a person at the command meets: one shop a folder, plain sentences, and no process left behind."""

import os
import signal
import socket
import subprocess
from pathlib import Path

import pytest

from dev import plan
from dev.errors import ShopError
from dev.paths import ROOT
from dev.services import STARTED
from dev.waiting import until
from tests.dev.conftest import Command, living

SERVICES = {kind.name for kind in STARTED}


def test_status_tells_a_program_where_everything_is(running_shop: Command) -> None:
    status, first = running_shop.status(), running_shop.first_port
    assert status.keys() == {"ready", "kafka", "mongo", "services"}
    assert status["ready"] is True
    assert status["kafka"].keys() == {"bootstrap_servers", "pid"}
    assert status["mongo"].keys() == {"uri", "pid"}
    assert status["services"].keys() == SERVICES
    users = status["services"]["users_service"]
    pid = running_shop.record().processes["users_service"].pid
    assert users == {"url": f"http://127.0.0.1:{first + 1}", "pid": pid, "ready": True, "restarts": 0}


def test_the_state_folder_is_for_the_owner_alone(running_shop: Command) -> None:
    assert running_shop.state.stat().st_mode & 0o777 == 0o700


def test_a_second_shop_on_the_same_folder_is_refused(running_shop: Command) -> None:
    again = running_shop("up")
    assert again.returncode == 1
    assert "runs on" in again.stderr
    assert again.stderr.count("\n") == 1


def test_what_is_killed_comes_back_and_what_is_frozen_is_reported(shop_command: Command) -> None:
    shop_command.up()
    pids = {name: service["pid"] for name, service in shop_command.status()["services"].items()}
    os.kill(pids["users_service"], signal.SIGKILL)
    os.kill(pids["logs_service"], signal.SIGSTOP)
    assert until(lambda: bool(shop_command.status()["services"]["users_service"]["ready"]), 20)
    services = shop_command.status()["services"]
    assert services["users_service"]["restarts"] == 1
    assert services["users_service"]["pid"] != pids["users_service"]
    assert services["logs_service"]["frozen"] is True
    assert services["logs_service"]["pid"] == pids["logs_service"]
    assert services["logs_service"]["ready"] is False


def test_what_a_killed_launcher_left_is_stopped_by_the_next_up_and_by_down(shop_command: Command) -> None:
    shop_command.up()
    first = shop_command.kill_launcher()
    assert set(living(first)) == SERVICES
    assert "killed launcher" in shop_command.up().stdout
    assert living(first) == []
    second = shop_command.kill_launcher()
    assert set(living(second)) == SERVICES
    assert shop_command("down").returncode == 0
    assert living(second) == []


def test_a_signal_stops_everything(shop_command: Command) -> None:
    launcher = shop_command.start()
    shop_command.wait_ready()
    found = shop_command.record()
    launcher.send_signal(signal.SIGTERM)
    said, _ = launcher.communicate(timeout=40)
    assert launcher.returncode == 0
    assert "curl -X POST" in said
    assert f"http://localhost:{shop_command.first_port + 3}/stock" in said
    assert living(found) == []


def test_down_with_nothing_running_is_no_error(shop_command: Command) -> None:
    done = shop_command("down")
    assert done.returncode == 0
    assert "nothing runs" in done.stdout


def test_a_taken_port_is_named_with_its_holder_before_anything_starts(shop_command: Command) -> None:
    with socket.socket() as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(("127.0.0.1", shop_command.first_port + 2))
        listening.listen()
        refused = shop_command("up")
    assert refused.returncode == 1
    assert f"(pid {os.getpid()})" in refused.stderr
    assert "--ports-from" in refused.stderr
    assert refused.stderr.count("\n") == 1
    assert not (shop_command.state / "logs").exists()


def test_a_service_that_can_not_start_is_named_and_nothing_stays(shop_command: Command) -> None:
    shop_command.environment["USERS_BCRYPT_COST"] = "many"
    refused = shop_command("up", "-d")
    assert refused.returncode == 1
    assert "users_service" in refused.stderr
    assert "USERS_BCRYPT_COST" in refused.stderr
    assert shop_command.status()["ready"] is False
    assert shop_command("down").stdout.startswith("nothing runs")


def test_a_state_folder_that_can_not_be_made_is_one_line(shop_command: Command, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    shop_command.state = tmp_path / "file" / "state"
    refused = shop_command("up")
    assert refused.returncode == 1
    assert "--state" in refused.stderr
    assert refused.stderr.count("\n") == 1


def test_a_setting_in_the_environment_goes_before_the_file(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("USERS_PORT=4001\nPAYMENTS_PORT=4002\n")
    assert plan.settings({"USERS_PORT": "5001"}, file) == {"USERS_PORT": "5001", "PAYMENTS_PORT": "4002"}


def test_a_port_that_is_no_number_is_said_with_its_name(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("USERS_PORT", "many")
    with pytest.raises(ShopError, match="USERS_PORT=many"):
        plan.make(tmp_path, None)


def test_two_shops_run_side_by_side_and_play_the_story(whole_shops: list[Command]) -> None:
    starting = [(command, command.start()) for command in whole_shops]
    for command in whole_shops:
        command.wait_ready()
    for command in whole_shops:
        demo = command("demo")
        assert demo.returncode == 0, demo.stderr
        assert demo.stdout.count('"event":') == 5
        assert demo.stdout.rstrip().endswith("says: refunded")
        assert command("audit").returncode == 0
    found = [command.record() for command in whole_shops]
    for _, launcher in starting:
        launcher.send_signal(signal.SIGINT)
    for _, launcher in starting:
        launcher.communicate(timeout=40)
    assert [living(record) for record in found] == [[], []]


def test_the_script_is_plain_sh() -> None:
    script = ROOT / "shop"
    assert subprocess.run(["sh", "-n", str(script)]).returncode == 0
