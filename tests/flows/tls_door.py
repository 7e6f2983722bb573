"""`python -m tests.flows.tls_door PORT TARGET CERTIFICATE`: TLS on a port of this machine, and behind it another one.

A process of its own: asyncio leaves something unclosed of each handshake that fails, and says so at any later moment.
"""

import asyncio
import ssl
import sys

from proofs.proxy import Proxy


async def main(port: int, target: int, certificate: str) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    async with Proxy(port, target, certificate=context):
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]))
