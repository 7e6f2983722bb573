"""SHOP_PROFILE=production: what is fit for one's own machine alone ends the start, with a line for each reason."""

import asyncio
import subprocess
import sys
from pathlib import Path

import httpx2 as httpx
import pytest

from dev.paths import ROOT
from event_bus.security import LEAST_SECRET, is_sample
from http_edge.settings import unfit
from tests.conftest import Environment, RunService
from tests.flows.settings_of import SETTINGS

RANDOM = "wH3_vb0Qd8rT-41zKxLmYp7u"
FAR_KAFKA = {"KAFKA_BOOTSTRAP_SERVERS": "kafka.shop.net:9092,10.1.2.3:9092"}
FAR_MONGO = "mongodb://{}mongo.shop.net:27017/?{}"
# Fit for one machine, and what has to be said beside the defaults.
FIT = {
    "PAYMENTS_ALLOW_GUESTS": "false",
    "INVENTORIES_ALLOW_MOVEMENTS": "false",
    "LOGS_REQUIRE_TOKEN": "true",
}

REFUSED: dict[str, tuple[str, dict[str, str], list[str]]] = {
    "guests": ("payments_service", {"PAYMENTS_ALLOW_GUESTS": "true"}, ["PAYMENTS_ALLOW_GUESTS"]),
    "movements": (
        "inventories_service",
        {"INVENTORIES_ALLOW_MOVEMENTS": "true"},
        ["INVENTORIES_ALLOW_MOVEMENTS"],
    ),
    "lines for all": ("logs_service", {"LOGS_REQUIRE_TOKEN": "false"}, ["LOGS_REQUIRE_TOKEN"]),
    "hub, any page": ("logs_service", {"LOGS_ALLOWED_ORIGINS": "*"}, ["LOGS_ALLOWED_ORIGINS"]),
    "hub, any host": ("logs_service", {"LOGS_ALLOWED_HOSTS": "*"}, ["LOGS_ALLOWED_HOSTS"]),
    "browser for all": ("kafka_browser", {"KAFKA_BROWSER_HOST": "0.0.0.0"}, ["KAFKA_BROWSER_HOST"]),
    "browser, any page": (
        "kafka_browser",
        {"KAFKA_BROWSER_ALLOWED_ORIGINS": "https://a,*"},
        ["KAFKA_BROWSER_ALLOWED_ORIGINS"],
    ),
    "browser, any host": (
        "kafka_browser",
        {"KAFKA_BROWSER_ALLOWED_HOSTS": "*"},
        ["KAFKA_BROWSER_ALLOWED_HOSTS"],
    ),
    "a database elsewhere, open": (
        "users_service",
        {"MONGO_URI": FAR_MONGO.format("", "")},
        ["MONGO_URI", "MONGO_URI"],
    ),
    "a database elsewhere, in plain text": (
        "users_service",
        {"MONGO_URI": FAR_MONGO.format(f"users:{RANDOM}@", "authSource=users")},
        ["MONGO_URI"],
    ),
    "a database elsewhere, without an account": (
        "users_service",
        {"MONGO_URI": FAR_MONGO.format("", "tls=true")},
        ["MONGO_URI"],
    ),
    "a database elsewhere, whoever that is": (
        "users_service",
        {"MONGO_URI": FAR_MONGO.format(f"users:{RANDOM}@", "tls=true&tlsInsecure=true")},
        ["MONGO_URI"],
    ),
    "a database elsewhere, with any certificate": (
        "users_service",
        {"MONGO_URI": FAR_MONGO.format(f"users:{RANDOM}@", "tls=true&tlsAllowInvalidCertificates=true")},
        ["MONGO_URI"],
    ),
    "a database with a sample password": (
        "users_service",
        {"MONGO_URI": "mongodb://users:change-me-before-use@127.0.0.1:27017/?authSource=users"},
        ["MONGO_URI"],
    ),
}
EVERYWHERE: dict[str, tuple[dict[str, str], list[str]]] = {
    "Kafka elsewhere": (FAR_KAFKA, ["KAFKA_SECURITY_PROTOCOL"]),
    "Kafka elsewhere, with a password in plain text": (
        FAR_KAFKA | {"KAFKA_SECURITY_PROTOCOL": "SASL_PLAINTEXT"},
        ["KAFKA_SECURITY_PROTOCOL"],
    ),
    "any page": ({"CORS_ORIGINS": "*"}, ["CORS_ORIGINS"]),
    "a page without an origin": ({"CORS_ORIGINS": "https://a, null"}, ["CORS_ORIGINS"]),
}


@pytest.fixture
def password_file(tmp_path: Path) -> Path:
    file = tmp_path / "password"
    file.write_text(f"{RANDOM}\n")
    return file


def refusals(service: str, settings: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> list[str]:
    for name, value in (FIT | settings).items():
        monkeypatch.setenv(name, value)
    assert not list(unfit(SETTINGS[service]())), "in development everything goes"
    monkeypatch.setenv("SHOP_PROFILE", "production")
    return list(unfit(SETTINGS[service]()))


def variables(found: list[str]) -> list[str]:
    return [line.partition(":")[0] for line in found]


@pytest.mark.parametrize("service", SETTINGS)
def test_one_machine_is_fit_for_production(service: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert refusals(service, {}, monkeypatch) == []


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_open_is_refused(case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    service, settings, expected = REFUSED[case]
    assert variables(refusals(service, settings, monkeypatch)) == expected


@pytest.mark.parametrize("case", EVERYWHERE)
@pytest.mark.parametrize("service", SETTINGS)
def test_every_service_refuses_it(
    service: str, case: str, monkeypatch: pytest.MonkeyPatch, password_file: Path
) -> None:
    if service == "kafka_init" and "page" in case:
        return  # it has no HTTP side
    settings, expected = EVERYWHERE[case]
    account = {"KAFKA_SASL_USERNAME": service, "KAFKA_SASL_PASSWORD_FILE": str(password_file)}
    assert variables(refusals(service, account | settings, monkeypatch)) == expected


@pytest.mark.parametrize("service", SETTINGS)
def test_with_tls_and_accounts_kafka_and_the_database_may_be_elsewhere(
    service: str, monkeypatch: pytest.MonkeyPatch, password_file: Path, tmp_path: Path
) -> None:
    uri = tmp_path / "uri"
    uri.write_text(FAR_MONGO.format(f"shop:{RANDOM}@", "tls=true"))
    settings = FAR_KAFKA | {
        "KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
        "KAFKA_SASL_USERNAME": service,
        "KAFKA_SASL_PASSWORD_FILE": str(password_file),
        "MONGO_URI_FILE": str(uri),
    }
    assert refusals(service, settings, monkeypatch) == []


@pytest.mark.parametrize("service", SETTINGS)
def test_a_sample_password_of_kafka_is_refused(
    service: str, monkeypatch: pytest.MonkeyPatch, password_file: Path
) -> None:
    password_file.write_text("change-me-to-something-random")
    settings = {"KAFKA_SASL_PASSWORD_FILE": str(password_file)}
    assert variables(refusals(service, settings, monkeypatch)) == ["KAFKA_SASL_PASSWORD_FILE"]


def test_what_stands_in_the_documents_as_a_password_is_a_sample() -> None:
    for text in ("secret", "pass123", "change-me", "a-password-of-eve", "x" * (LEAST_SECRET - 1)):
        assert is_sample(text)
    assert not is_sample(RANDOM)


def test_the_process_ends_with_a_line_for_each_reason_and_quotes_no_secret() -> None:
    settings = {
        "SHOP_PROFILE": "production",
        "CORS_ORIGINS": "*",
        "MONGO_URI": FAR_MONGO.format("payments:geheim@", ""),
        **FAR_KAFKA,
    }
    ended = subprocess.run(
        [sys.executable, "-m", "payments_service"],
        env={"PATH": "/usr/bin:/bin", **settings},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=20,
    )
    assert ended.returncode == 78, ended.stderr
    lines = ended.stderr.splitlines()
    before = "not fit for SHOP_PROFILE=production: "
    assert all(line.startswith(before) for line in lines)
    found = variables([line.removeprefix(before) for line in lines])
    assert sorted(found) == [
        "CORS_ORIGINS",
        "KAFKA_SECURITY_PROTOCOL",
        "MONGO_URI",
        "MONGO_URI",
        "PAYMENTS_ALLOW_GUESTS",
    ]
    assert "geheim" not in ended.stderr


@pytest.mark.usefixtures("topics")
async def test_in_production_a_guest_is_sent_away(run_service: RunService, environment: Environment) -> None:
    service = await asyncio.to_thread(
        run_service, "payments_service", SHOP_PROFILE="production", PAYMENTS_ALLOW_GUESTS="false"
    )
    async with httpx.AsyncClient() as http:
        answer = await http.post(f"{service.url}/pay")
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
