"""`python -m logs_service`"""

from http_edge import read_settings, run
from logs_service.app import build
from logs_service.protocol import HubProtocol
from logs_service.settings import Settings

if __name__ == "__main__":
    settings = read_settings(Settings)
    run(build(settings), settings, ws=HubProtocol)
