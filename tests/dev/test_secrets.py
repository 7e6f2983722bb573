"""Passwords of a shop: random, made once, and for the owner alone."""

from pathlib import Path

import pytest

from dev import plan
from dev.errors import ShopError
from dev.secrets import Secrets


def test_a_password_is_made_once_and_is_another_one_for_each_name(tmp_path: Path) -> None:
    passwords = Secrets(tmp_path / "secrets")
    first = passwords.password("kafka")
    assert Secrets(tmp_path / "secrets").password("kafka") == first
    assert len({first, passwords.password("mongo"), (passwords / "more").password("kafka")}) == 3
    assert len(first) >= 43  # 256 bits in base64


def test_nobody_else_may_read_it_from_its_first_moment(tmp_path: Path) -> None:
    passwords = Secrets(tmp_path / "secrets") / "mongo"
    file = passwords.write("users", "first")
    assert passwords.write("users", "second").read_text() == "second"
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700


def test_accounts_are_made_on_no_kafka_of_somebody_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", "kafka:9092")
    with pytest.raises(ShopError, match="--secure"):
        plan.make(tmp_path, None, secure=True)
