"""`python -m kafka_browser`"""

from http_edge import read_settings, run
from kafka_browser.app import build
from kafka_browser.settings import Settings

if __name__ == "__main__":
    settings = read_settings(Settings)
    run(build(settings), settings)
