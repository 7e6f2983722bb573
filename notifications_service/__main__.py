from http_edge import read_settings, run
from notifications_service.app import build
from notifications_service.settings import Settings

if __name__ == "__main__":
    settings = read_settings(Settings)
    run(build(settings), settings)
