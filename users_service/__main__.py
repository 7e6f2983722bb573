from http_edge import read_settings, run
from users_service.app import build
from users_service.settings import Settings

if __name__ == "__main__":
    settings = read_settings(Settings)
    run(build(settings), settings)
