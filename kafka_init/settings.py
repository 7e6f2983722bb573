"""What can be set; read once, in `__main__`."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field
from pydantic_settings import SettingsConfigDict

from event_bus import BusSettings


def _folder(path: str) -> str:
    if path and not Path(path).is_dir():
        raise ValueError("must name a folder")
    return path


class Settings(BusSettings):
    model_config = SettingsConfigDict(env_prefix="KAFKA_INIT_", env_ignore_empty=True)

    deadline: float = Field(60, gt=0, description="seconds to wait for the broker")
    retention_bytes: int = Field(
        512 * 1024 * 1024, ge=1024 * 1024, description="bytes that a partition keeps; there is no time limit"
    )
    replication: int = Field(1, ge=1, description="copies of each partition")
    logs_partitions: int = Field(
        1, ge=1, description="partitions of `logs`; one keeps all lines in one order"
    )
    accounts: Annotated[str, AfterValidator(_folder)] = Field(
        "",
        description="a folder with a file for each service, its password: it gets its account and its rights",
    )
    log_format: Literal["console", "json"] = Field(
        "console", validation_alias="LOG_FORMAT", description="how log lines are written to stderr"
    )
