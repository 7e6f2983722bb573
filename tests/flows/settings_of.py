"""The settings class of everything that runs, by its folder."""

from importlib import import_module

from pydantic_settings import BaseSettings

from dev.services import INIT, STARTED

SETTINGS: dict[str, type[BaseSettings]] = {
    name: import_module(f"{name}.settings").Settings for name in (*(kind.name for kind in STARTED), INIT)
}
