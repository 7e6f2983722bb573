"""Settings come from the environment; what is wrong is said in one line: the variable, and not its value."""

import pytest
from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from http_edge import EdgeSettings, read_settings


class DatabaseSettings(BaseSettings):
    model_config = SettingsConfigDict(populate_by_name=True, extra="ignore")

    mongo_uri: str = Field("mongodb://localhost", validation_alias="MONGO_URI", pattern="^mongodb://")


class Settings(DatabaseSettings, EdgeSettings):
    model_config = SettingsConfigDict(env_prefix="SHOP_")

    port: int = Field(3002, ge=0, le=65535)
    token_seconds: int = 900


class Unset(EdgeSettings):
    model_config = SettingsConfigDict(env_prefix="SHOP_")


def test_a_service_has_a_prefix_and_shares_some_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_PORT", "4000")
    monkeypatch.setenv("SHOP_HOST", "")
    monkeypatch.setenv("SHOP_TOKEN_SECONDS", "60")
    monkeypatch.setenv("LOG_FORMAT", "json")
    monkeypatch.setenv("MONGO_URI", "mongodb://elsewhere")
    settings = read_settings(Settings)
    assert (settings.port, settings.host, settings.token_seconds) == (4000, "", 60)
    assert (settings.log_format, settings.mongo_uri) == ("json", "mongodb://elsewhere")


def test_tests_give_settings_by_the_names_of_the_fields() -> None:
    settings = Settings(port=1, log_format="json", mongo_uri="mongodb://here")
    assert (settings.port, settings.log_format, settings.mongo_uri) == (1, "json", "mongodb://here")


def test_what_is_set_to_nothing_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_TOKEN_SECONDS", "")
    assert Settings().token_seconds == 900


def test_a_wrong_value_is_not_in_the_error_itself() -> None:
    with pytest.raises(ValidationError) as wrong:
        Settings.model_validate({"mongo_uri": "secret"})
    assert "secret" not in str(wrong.value)


@pytest.mark.parametrize(
    ("kind", "variable", "value"),
    [
        (Settings, "SHOP_PORT", "secret"),
        (Settings, "SHOP_PORT", "65536"),
        (Settings, "LOG_FORMAT", "secret"),
        (Settings, "MONGO_URI", "secret"),
        (Unset, "SHOP_PORT", ""),
    ],
)
def test_a_wrong_or_missing_setting_ends_the_start_with_one_line_that_names_it(
    kind: type[EdgeSettings],
    variable: str,
    value: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(SystemExit) as ended:
        read_settings(kind)
    assert ended.value.code == 78
    written = capsys.readouterr().err
    assert written.count("\n") == 1
    assert variable in written
    assert "secret" not in written
