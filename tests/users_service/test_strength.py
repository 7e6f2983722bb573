"""In production a password must be long and hard to guess; the README's `secret` works everywhere else."""

import random
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2 as httpx
import pytest

from dev.kafka import Kafka
from dev.mongo import Mongo
from tests.flows.shops import OpenShop, open_shop
from users_service.settings import Settings
from users_service.strength import SIGNS, weakness

GOOD = "violet kettle under nine pines"


@pytest.mark.parametrize("password", [GOOD, "Zx8!vq0-Lm2?pTy", "x9Q7m2K4p1T8w6Z3" * 4 + "x9Q7m2K4"])
def test_what_is_hard_to_guess_is_strong(password: str) -> None:
    assert weakness(password, []) is None


@pytest.mark.parametrize(
    "password",
    [
        "iloveyou",
        "passwordpassword",
        "aaaaaaaaaaaaaaaaaaaa",
        "qwertyuiopasdfgh",
        "abcdefghijklmnop",
        "p@ssw0rdp@ssw0rd",
    ],
)
def test_what_would_be_guessed_is_weak_and_the_reason_is_said(password: str) -> None:
    reason = weakness(password, [])
    assert reason is not None
    assert reason.startswith("can be guessed.")
    assert len(reason) > len("can be guessed.")
    assert password not in reason


def test_what_others_know_of_somebody_is_no_password() -> None:
    assert weakness("annamariabergstroem", []) is None
    assert weakness("annamariabergstroem", ["annamariabergstroem"])


def test_to_look_takes_no_longer_than_to_hash() -> None:
    """The worst that was found: words are looked for in every reading of signs that can stand for letters."""
    draw = random.Random(1)
    passwords = ["".join(sorted(SIGNS)) * 4, "".join(sorted(SIGNS, reverse=True)) * 4, "4@" * 36]
    passwords += ["".join(draw.choices(sorted(SIGNS), k=72)) for _ in range(5)]
    took = []
    for password in passwords:
        began = time.thread_time()
        weakness(password[:72], ["alice"])
        took.append(time.thread_time() - began)
    assert max(took) < 1.0, took  # 0.15 s on a quiet machine; 5 s without the bound


@pytest.mark.parametrize(
    ("given", "least"),
    [
        ({}, 6),
        ({"profile": "production"}, 15),
        ({"profile": "production", "password_min_length": 8}, 8),
        ({"profile": "production", "password_min_length": 6}, 6),
        ({"password_min_length": 9}, 9),
    ],
)
def test_what_is_set_counts_in_every_profile(given: dict[str, object], least: int) -> None:
    assert Settings.model_validate(given).least_password == least


@pytest.fixture(scope="module")
def production(tmp_path_factory: pytest.TempPathFactory, kafka: Kafka, mongo: Mongo) -> Iterator[OpenShop]:
    folder = tmp_path_factory.mktemp("shop")
    with open_shop(folder, kafka, mongo, "users_service", SHOP_PROFILE="production") as shop:
        yield shop


async def refusal(shop: OpenShop, http: httpx.AsyncClient, name: str, password: str) -> str:
    """What is wrong with the password, as the problem says it."""
    answer = await http.post(f"{shop.users}/register", data={"username": name, "password": password})
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    (error,) = answer.json()["errors"]
    assert error["field"] == "password"
    assert password not in answer.text
    return str(error["message"])


async def test_in_production_a_password_is_long_and_hard_to_guess(
    production: OpenShop, http: httpx.AsyncClient, tmp_path: Path
) -> None:
    assert await refusal(production, http, "alice", "secret") == "must have 15 characters at least"
    assert "can be guessed" in await refusal(production, http, "alice", "passwordpassword")
    assert "can be guessed" in await refusal(production, http, "annamaria-bergstroem", "annamaria-bergstroem")
    good = {"username": "alice", "password": GOOD}
    assert (await http.post(f"{production.users}/register", data=good)).status_code == 201
    assert (await http.post(f"{production.users}/login", data=good)).status_code == 200
