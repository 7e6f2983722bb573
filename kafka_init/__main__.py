import asyncio
import sys

from http_edge import configure_logging, read_settings
from kafka_init.app import create_topics
from kafka_init.settings import Settings

if __name__ == "__main__":
    settings = read_settings(Settings)
    configure_logging("kafka_init", settings.log_format)
    sys.exit(asyncio.run(create_topics(settings)))
