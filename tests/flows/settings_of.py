"""The settings class of everything that runs, by its folder."""

from pydantic_settings import BaseSettings

import inventories_service.settings
import kafka_browser.settings
import kafka_init.settings
import logs_service.settings
import notifications_service.settings
import payments_service.settings
import users_service.settings

SETTINGS: dict[str, type[BaseSettings]] = {
    "users_service": users_service.settings.Settings,
    "payments_service": payments_service.settings.Settings,
    "inventories_service": inventories_service.settings.Settings,
    "notifications_service": notifications_service.settings.Settings,
    "logs_service": logs_service.settings.Settings,
    "kafka_init": kafka_init.settings.Settings,
    "kafka_browser": kafka_browser.settings.Settings,
}
