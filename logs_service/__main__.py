"""`python -m logs_service`"""

from http_edge import read_settings, run

from .app import build
from .protocol import HubProtocol
from .settings import Settings

if __name__ == "__main__":
    settings = read_settings(Settings)
    run(build(settings), settings, ws=HubProtocol)
