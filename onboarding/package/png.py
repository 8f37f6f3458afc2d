"""Read an app icon's pixels and judge them as Teams does.

Rules: learn.microsoft.com/microsoftteams/platform/concepts/build-and-test/apps-package (app icons)
and the PNG specification, www.w3.org/TR/png.
"""

import zlib
from collections.abc import Iterator

Pixel = tuple[int, ...]
"""Red, green, blue and alpha, each 0 to 255."""


def icon_problem(png: bytes, kind: str) -> str:
    """Why Teams would refuse this "color" or "outline" icon; empty when it would not."""
    try:
        if kind == "color":
            return _color_problem(pixels(png, 192))
        return _outline_problem(pixels(png, 32))
    except (ValueError, zlib.error) as error:
        return f"cannot be used: {error}"


def pixels(png: bytes, side: int) -> list[Pixel]:
    """A square icon's pixels, row by row; `side` in px. Raises ValueError or zlib.error."""
    chunks = [*_chunks(png)]
    header = chunks[0][1] if chunks and chunks[0][0] == b"IHDR" else b""
    if len(header) != 13:
        raise ValueError("the file is damaged")
    width, height = int.from_bytes(header[:4]), int.from_bytes(header[4:8])
    if (width, height) != (side, side):
        raise ValueError(f"it is {width} × {height} px and must be {side} × {side}")
    channels = {2: 3, 6: 4}.get(header[9], 0)
    if header[8] != 8 or not channels or header[12]:
        raise ValueError("it is not an 8-bit RGB or RGBA PNG without interlacing")
    packed = b"".join(data for kind, data in chunks if kind == b"IDAT")
    # No further than the icon's size, however much the file would inflate to.
    size = (side * channels + 1) * side
    raw = zlib.decompressobj().decompress(packed, size)
    if len(raw) != size:
        raise ValueError("the file ends too early")
    return [*_unpacked(raw, side * channels, channels)]


def _color_problem(icon: list[Pixel]) -> str:
    around = {
        pixel
        for at, pixel in enumerate(icon)
        if not (48 <= at % 192 < 144 and 48 <= at // 192 < 144)
    }
    if len(set(icon)) == 1:
        return "is empty"
    clear = all(pixel[3] == 0 for pixel in around)
    solid = len(around) == 1 and all(pixel[3] == 255 for pixel in around)
    if clear or solid:
        return ""
    return "has something outside its central 96 × 96, where only a plain background may be"


def _outline_problem(icon: list[Pixel]) -> str:
    if any(pixel[3] and pixel[:3] != (255, 255, 255) for pixel in icon):
        return "has a colour other than pure white"
    opacities = {pixel[3] for pixel in icon}
    return "" if {0, 255} <= opacities else "is not a white drawing on a transparent ground"


def _chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    if not png.startswith(b"\x89PNG\r\n\x1a\n"):
        raise ValueError("it is not a PNG")
    at = 8
    while at < len(png):
        end = at + 8 + int.from_bytes(png[at : at + 4])
        kind, data = png[at + 4 : at + 8], png[at + 8 : end]
        if int.from_bytes(png[end : end + 4]) != zlib.crc32(kind + data):
            raise ValueError("the file is damaged")
        yield kind, data
        at = end + 4


def _unpacked(raw: bytes, stride: int, channels: int) -> Iterator[Pixel]:
    row = bytearray(stride)
    for start in range(0, len(raw), stride + 1):
        row = _unfiltered(raw[start], raw[start + 1 : start + 1 + stride], row, channels)
        for at in range(0, stride, channels):
            yield (*row[at : at + 3], row[at + 3] if channels == 4 else 255)


def _unfiltered(kind: int, line: bytes, above: bytearray, step: int) -> bytearray:
    """One row of samples. Source: PNG specification, section 9 (filtering)."""
    row = bytearray(len(line))
    for at, sample in enumerate(line):
        left, corner = (row[at - step], above[at - step]) if at >= step else (0, 0)
        row[at] = (sample + _guess(kind, left, above[at], corner)) % 256
    return row


def _guess(kind: int, left: int, up: int, corner: int) -> int:
    match kind:
        case 0:
            return 0
        case 1:
            return left
        case 2:
            return up
        case 3:
            return (left + up) // 2
        case 4:
            aim = left + up - corner
            return min((left, up, corner), key=lambda value: abs(aim - value))
        case _:
            raise ValueError("the file is damaged")
