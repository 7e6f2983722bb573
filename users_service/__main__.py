import sys

from http_edge import read_settings, run
from users_service.app import build
from users_service.keys_command import keys_command
from users_service.settings import Settings

if __name__ == "__main__":
    settings = read_settings(Settings)
    if sys.argv[1:]:
        sys.exit(keys_command(sys.argv[1:], settings))
    run(build(settings), settings)
