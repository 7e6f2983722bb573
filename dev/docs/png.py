"""The picture for those who show no SVG: drawn by a Chromium of this machine, where there is one.

Two Chromiums draw the same SVG to different bytes. So the PNG carries the hash of its SVG, and only that is compared.
"""

import asyncio
import hashlib
import struct
import zlib
from pathlib import Path

from dev import chromium

SIGNATURE = b"\x89PNG\r\n\x1a\n"
KEYWORD = b"Source-SHA256"


def is_of(png: bytes, svg: str) -> bool:
    """Whether it was drawn from this SVG, as it says itself."""
    return _chunk(svg) in png and png.startswith(SIGNATURE)


async def drawn(svg: str) -> bytes:
    """On light ground: whoever looks at it can't be asked."""
    async with chromium.started() as browser:
        page = await browser.new_page(color_scheme="light", device_scale_factor=1)
        await page.set_content(f"<style>body {{ margin: 0 }}</style>{svg}")
        return marked(await page.locator("svg").screenshot(), svg)


def marked(png: bytes, svg: str) -> bytes:
    """With the hash in a text of its own, behind the header of the image (33 bytes)."""
    return png[:33] + _chunk(svg) + png[33:]


def draw(svg: str, file: Path) -> bool:
    """False if there is no Chromium: the old picture stays."""
    if file.exists() and is_of(file.read_bytes(), svg):
        return True
    if chromium.program() is None:
        return False
    chromium.ensure_driver()
    file.write_bytes(asyncio.run(drawn(svg)))
    return True


def _chunk(svg: str) -> bytes:
    """tEXt of the PNG specification: length, type, keyword, NUL, text, CRC."""
    data = b"tEXt" + KEYWORD + b"\0" + hashlib.sha256(svg.encode()).hexdigest().encode()
    return struct.pack(">I", len(data) - 4) + data + struct.pack(">I", zlib.crc32(data))
