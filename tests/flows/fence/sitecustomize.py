"""Put before a service by PYTHONPATH: it connects to the ports of this machine that MAY_REACH names, or to nobody.

Each other attempt is refused and written to the file TRIED. The services know nothing of it.
"""

import os
import sys

sys.modules["uvloop"] = None  # type: ignore[assignment]  # it connects in C, unseen; uvicorn takes asyncio's loop

HERE = ("127.0.0.1", "::1", "localhost")
PORTS = {int(port) for port in os.environ["MAY_REACH"].split(",")}


def fence(event: str, arguments: tuple[object, ...]) -> None:
    if event != "socket.connect":
        return
    address = arguments[1]
    host, port = (
        address[:2] if isinstance(address, tuple) else (address, None)
    )  # a Unix socket has a path alone
    if host in HERE and port in PORTS:
        return
    with open(os.environ["TRIED"], "a", encoding="utf-8") as tried:
        tried.write(f"{host}:{port}\n")
    raise PermissionError(f"no service reaches {host}:{port}")


sys.addaudithook(fence)
