"""Draws color.png and outline.png: a door that stands open, with light inside. Needs Pillow.

    python manifest/draw_icons.py

Rules: learn.microsoft.com/microsoftteams/platform/concepts/build-and-test/apps-package (app icons).
"""

from pathlib import Path

from PIL import Image, ImageDraw

VIOLET = (91, 75, 196)  # accentColor in manifest.template.json
WHITE = (255, 255, 255)
LIGHT = (255, 205, 96)
FINE = 16  # shapes are drawn this many times larger, then averaged: smooth, and always the same

Point = tuple[float, float]
Box = tuple[float, float, float, float]


def draw_color() -> Image.Image:
    """192 × 192 px, violet to the very edge; the symbol stays in the central 96 × 96."""
    icon = Image.new("RGB", (192, 192), VIOLET)
    for color, shape in (
        (WHITE, _rounded(192, (60, 48, 132, 134), 10)),
        (LIGHT, _rounded(192, (68, 56, 124, 134), 3)),
        (WHITE, _rounded(192, (48, 126, 144, 134), 4)),
        (VIOLET, _polygon(192, (68, 53), (103.94, 63), (103.94, 143.94), (68, 134))),
        (WHITE, _polygon(192, (68, 57), (99.94, 66), (99.94, 143.94), (68, 134))),
        (VIOLET, _rounded(192, (89, 97, 95, 110), 3)),
    ):
        icon.paste(color, mask=shape)
    return icon


def draw_outline() -> Image.Image:
    """32 × 32 px, pure white of varying opacity on fully transparent."""
    ink = Image.new("L", (32, 32), 0)
    for opacity, shape in (
        (255, _rounded(32, (6, 1, 26, 28), 3)),
        (0, _rounded(32, (8, 3, 24, 28), 1)),
        (255, _rounded(32, (1, 26, 31, 28), 1)),
        (0, _polygon(32, (8, 3), (18.94, 6), (18.94, 31.94), (8, 28))),
        (255, _polygon(32, (6, 3), (8, 3), (16.94, 5.5), (16.94, 30.94), (6, 28))),
        (0, _polygon(32, (8, 5), (14.94, 7), (14.94, 28.5), (8, 26.5))),
        (255, _rounded(32, (12, 16, 14, 19), 1)),
    ):
        ink.paste(opacity, mask=shape)
    icon = Image.new("RGBA", (32, 32), (*WHITE, 0))
    icon.putalpha(ink)
    return icon


def _rounded(size: int, box: Box, radius: float) -> Image.Image:
    left, top, right, bottom = (round(edge * FINE) for edge in box)
    mask = Image.new("L", (size * FINE, size * FINE), 0)
    # Pillow counts the right and lower edges in; hence also the .94 in the polygons.
    shape = (left, top, right - 1, bottom - 1)
    ImageDraw.Draw(mask).rounded_rectangle(shape, radius * FINE, fill=255)
    return mask.reduce(FINE)


def _polygon(size: int, *points: Point) -> Image.Image:
    mask = Image.new("L", (size * FINE, size * FINE), 0)
    ImageDraw.Draw(mask).polygon([(x * FINE, y * FINE) for x, y in points], fill=255)
    return mask.reduce(FINE)


if __name__ == "__main__":
    here = Path(__file__).parent
    draw_color().save(here / "color.png", optimize=True)
    draw_outline().save(here / "outline.png", optimize=True)
