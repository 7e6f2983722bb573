"""Every setting comes from the environment; a wrong one stops the start with one line that names it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from pydantic_settings import BaseSettings

from dev.paths import ROOT
from http_edge.settings import variable_of
from tests import forked
from tests.flows.settings_of import SETTINGS

URI_FILE = Path(__file__).with_name("database_uri.txt")

# A value other than the default, as a person would write it, and what the code then has.
GIVEN: Mapping[str, tuple[str, Any]] = {
    "KAFKA_BOOTSTRAP_SERVERS": ("kafka:9092", "kafka:9092"),
    "KAFKA_SECURITY_PROTOCOL": ("SSL", "SSL"),
    "KAFKA_SASL_MECHANISM": ("PLAIN", "PLAIN"),
    "KAFKA_SASL_USERNAME": ("somebody", "somebody"),
    "KAFKA_SASL_PASSWORD_FILE": (__file__, __file__),
    "KAFKA_SSL_CA_FILE": (__file__, __file__),
    "SHOP_PROFILE": ("production", "production"),
    "TOPIC_PREFIX": ("test-", "test-"),
    "MONGO_URI": ("mongodb://database:27017", "mongodb://database:27017"),
    "MONGO_URI_FILE": (str(URI_FILE), str(URI_FILE)),
    "LOG_FORMAT": ("json", "json"),
    "CORS_ORIGINS": ("https://a, https://b", frozenset({"https://a", "https://b"})),
    "TRUSTED_PROXIES": ("10.0.0.1, 192.168.0.0/16", frozenset({"10.0.0.1", "192.168.0.0/16"})),
    "TOKEN_ISSUER": ("somebody", "somebody"),
    "TOKEN_AUDIENCE": ("bank", "bank"),
    "PORT": ("4000", 4000),
    "HOST": ("0.0.0.0", "0.0.0.0"),
    "DATABASE": ("another", "another"),
    "OUTBOX_MAX_PENDING": ("77", 77),
    "REPLICAS": ("2", 2),
    "USERS_BCRYPT_COST": ("13", 13),
    "USERS_HASH_THREADS": ("3", 3),
    "USERS_PASSWORD_MIN_LENGTH": ("9", 9),
    "USERS_LOGIN_FAILURES_PER_ACCOUNT": ("3", 3),
    "USERS_LOGIN_FAILURES_PER_ADDRESS": ("0", 0),
    "USERS_LOGIN_FAILURES_SECONDS": ("60", 60.0),
    "USERS_KEY_READABLE_SECONDS": ("2.5", 2.5),
    "USERS_TOKEN_LIFETIME": ("60", 60),
    "PAYMENTS_ALLOW_GUESTS": ("false", False),
    "PAYMENTS_DECLINE_RATE": ("0.5", 0.5),
    "PAYMENTS_MAX_AMOUNT": ("99.5", 99.5),
    "INVENTORIES_CATALOGUE": ("cup=3,saucer=0", "cup=3,saucer=0"),
    "INVENTORIES_DEFAULT_PRODUCT": ("cup", "cup"),
    "INVENTORIES_LOW_LEVEL": ("2", 2),
    "INVENTORIES_ALLOW_MOVEMENTS": ("false", False),
    "LOGS_RING_BYTES": ("2000000", 2_000_000),
    "REQUEST_SECONDS": ("2.5", 2.5),
    "LOGS_MAX_CLIENTS": ("7", 7),
    "LOGS_MAX_CLIENTS_PER_ADDRESS": ("3", 3),
    "LOGS_REQUIRE_TOKEN": ("true", True),
    "LOGS_PING_SECONDS": ("1.5", 1.5),
    "LOGS_REMEMBERED_IDS": ("300000", 300_000),
    "LOGS_REPLAY_READERS": ("2", 2),
    "LOGS_TOPICS": ("stock, logs", frozenset({"stock", "logs"})),
    "LOGS_ALLOWED_HOSTS": ("a, b", frozenset({"a", "b"})),
    "LOGS_ALLOWED_ORIGINS": ("https://a", frozenset({"https://a"})),
    "LOGS_USERS_URL": ("https://users.example", "https://users.example"),
    "LOGS_PAYMENTS_URL": ("http://127.0.0.1:8002", "http://127.0.0.1:8002"),
    "KAFKA_BROWSER_SEARCH_RECORDS": ("5000", 5_000),
    "KAFKA_BROWSER_MAX_LIVE": ("3", 3),
    "KAFKA_BROWSER_ALLOWED_HOSTS": ("a, b", frozenset({"a", "b"})),
    "KAFKA_BROWSER_ALLOWED_ORIGINS": ("https://a", frozenset({"https://a"})),
    "KAFKA_INIT_DEADLINE": ("5", 5.0),
    "KAFKA_INIT_RETENTION_BYTES": ("2000000", 2_000_000),
    "KAFKA_INIT_REPLICATION": ("3", 3),
    "KAFKA_INIT_LOGS_PARTITIONS": ("2", 2),
    "KAFKA_INIT_ACCOUNTS": (str(ROOT), str(ROOT)),
}
EVERY = [(service, field) for service, settings in SETTINGS.items() for field in settings.model_fields]


def given(settings: type[BaseSettings], field: str) -> tuple[str, str, Any]:
    """The variable, its text, its value. Ports, hosts and databases are alike in all services."""
    variable = variable_of(settings, field)
    text, value = GIVEN[variable] if variable in GIVEN else GIVEN[field.upper()]
    return variable, text, value


@pytest.mark.parametrize(("service", "field"), EVERY)
def test_a_setting_is_taken_from_the_environment(
    service: str, field: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = SETTINGS[service]
    variable, text, value = given(settings, field)
    monkeypatch.delenv(variable, raising=False)
    assert getattr(settings(), field) != value
    monkeypatch.setenv(variable, text)
    assert getattr(settings(), field) == value


@pytest.mark.parametrize(("service", "field"), EVERY)
def test_what_is_empty_is_not_set(service: str, field: str, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = SETTINGS[service]
    default = getattr(settings(), field)
    monkeypatch.setenv(variable_of(settings, field), "")
    assert getattr(settings(), field) == default


@pytest.mark.parametrize(
    ("service", "variable", "text"),
    [
        ("users_service", "USERS_PORT", "http"),
        ("users_service", "USERS_BCRYPT_COST", "3"),
        ("users_service", "USERS_DATABASE", "a.b"),
        ("users_service", "MONGO_URI", "http://geheim@nowhere"),
        ("users_service", "TOPIC_PREFIX", "a b"),
        ("payments_service", "PAYMENTS_ALLOW_GUESTS", "perhaps"),
        ("payments_service", "PAYMENTS_DECLINE_RATE", "1.5"),
        ("payments_service", "PAYMENTS_MAX_AMOUNT", "NaN"),
        ("payments_service", "PAYMENTS_DATABASE", "a/b"),
        ("payments_service", "MONGO_URI", "geheim"),
        ("inventories_service", "INVENTORIES_CATALOGUE", "cup"),
        ("inventories_service", "INVENTORIES_CATALOGUE", "cup=3;saucer=0"),
        ("inventories_service", "INVENTORIES_CATALOGUE", "cup=-3"),
        ("inventories_service", "INVENTORIES_CATALOGUE", "=3"),
        ("inventories_service", "INVENTORIES_LOW_LEVEL", "-1"),
        ("inventories_service", "INVENTORIES_ALLOW_MOVEMENTS", "perhaps"),
        ("inventories_service", "INVENTORIES_DEFAULT_PRODUCT", "x" * 65),
        ("notifications_service", "NOTIFICATIONS_PORT", "70000"),
        ("notifications_service", "KAFKA_BOOTSTRAP_SERVERS", "kafka:port"),
        ("notifications_service", "LOG_FORMAT", "xml"),
        ("logs_service", "LOGS_RING_BYTES", "1"),
        ("logs_service", "LOGS_PING_SECONDS", "0"),
        ("logs_service", "LOGS_MAX_CLIENTS_PER_ADDRESS", "-1"),
        ("logs_service", "LOGS_REQUEST_SECONDS", "0"),
        ("logs_service", "LOGS_REQUIRE_TOKEN", "perhaps"),
        ("logs_service", "LOGS_USERS_URL", "http://a; script-src *"),
        ("kafka_browser", "KAFKA_BROWSER_SEARCH_RECORDS", "10"),
        ("kafka_browser", "KAFKA_BROWSER_MAX_LIVE", "0"),
        ("kafka_init", "KAFKA_INIT_DEADLINE", "-1"),
        ("kafka_init", "KAFKA_INIT_REPLICATION", "many"),
        ("kafka_init", "KAFKA_INIT_ACCOUNTS", "/geheim"),
        ("users_service", "SHOP_PROFILE", "geheim"),
        ("users_service", "KAFKA_SECURITY_PROTOCOL", "geheim"),
        ("users_service", "KAFKA_SASL_PASSWORD_FILE", "/geheim"),
        ("users_service", "MONGO_URI_FILE", "/geheim"),
        ("payments_service", "MONGO_URI_FILE", "/dev/null"),
        ("kafka_browser", "KAFKA_SSL_CA_FILE", "/geheim"),
    ],
)
def test_a_wrong_one_stops_the_start_with_one_line_that_names_it(
    tmp_path: Path, service: str, variable: str, text: str
) -> None:
    ended = forked.run([service], {"PATH": "/usr/bin:/bin", variable: text}, timeout=20)
    assert ended.returncode == 78, ended.stderr
    assert len(ended.stderr.splitlines()) == 1, ended.stderr
    assert variable in ended.stderr
    assert "geheim" not in ended.stderr
