import importlib.util
import io
import random
import zlib

import pytest
from PIL import Image

from onboarding.package.build import build
from onboarding.package.check import check
from onboarding.package.png import pixels
from tests.package.contoso import CONTOSO, MANIFEST, packed, unpacked

VIOLET = (0x5B, 0x4B, 0xC4)


def icon(name):
    return Image.open(MANIFEST / name)


def test_the_color_icon_is_a_full_square_with_its_symbol_in_the_middle():
    image = icon("color.png").convert("RGBA")
    assert image.size == (192, 192)
    around = {
        image.getpixel((x, y))
        for x in range(192)
        for y in range(192)
        if not (48 <= x < 144 and 48 <= y < 144)
    }
    assert around == {(*VIOLET, 255)}
    assert len(set(image.crop((48, 48, 144, 144)).get_flattened_data())) > 2


def test_the_color_icon_has_the_accent_color_of_the_manifest():
    manifest = unpacked(build(CONTOSO))["manifest.json"].decode()
    assert '"accentColor": "#{:02X}{:02X}{:02X}"'.format(*VIOLET) in manifest


def test_the_outline_icon_is_pure_white_on_transparent():
    image = icon("outline.png")
    assert (image.mode, image.size) == ("RGBA", (32, 32))
    colors = set(image.get_flattened_data())
    assert {color[:3] for color in colors} == {(255, 255, 255)}
    assert {0, 255} <= {color[3] for color in colors}


@pytest.mark.parametrize("kind", ["color", "outline"])
def test_the_drawing_script_makes_exactly_the_icons_that_are_shipped(kind):
    spec = importlib.util.spec_from_file_location("draw_icons", MANIFEST / "draw_icons.py")
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    drawn = getattr(script, f"draw_{kind}")()
    assert drawn.tobytes() == icon(f"{kind}.png").tobytes()


def png(raw, color_type, side=32, depth=8, interlace=0):
    header = side.to_bytes(4) * 2 + bytes([depth, color_type, 0, 0, interlace])
    parts = [(b"IHDR", header), (b"IDAT", zlib.compress(raw)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        len(data).to_bytes(4) + kind + data + zlib.crc32(kind + data).to_bytes(4)
        for kind, data in parts
    )


@pytest.mark.parametrize(("color_type", "channels"), [(2, 3), (6, 4)])
@pytest.mark.parametrize("filtering", range(5))
def test_every_row_filter_is_read_as_pillow_reads_it(color_type, channels, filtering):
    chance = random.Random(filtering)
    rows = [bytes([filtering]) + chance.randbytes(32 * channels) for _ in range(32)]
    file = png(b"".join(rows), color_type)
    expected = Image.open(io.BytesIO(file)).convert("RGBA").get_flattened_data()
    assert pixels(file, 32) == list(expected)


def test_an_icon_that_inflates_without_end_is_read_no_further_than_its_size():
    file = png(bytes(50_000_000), 6)
    assert len(file) < 100_000
    assert pixels(file, 32) == [(0, 0, 0, 0)] * 32 * 32


def saved(image):
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def with_dot(name, at, color):
    image = icon(name).copy()
    image.putpixel(at, color)
    return saved(image)


def half_clear():
    image = Image.new("RGBA", (192, 192), (*VIOLET, 128))
    image.putpixel((96, 96), (255, 255, 255, 255))
    return image


def damaged(name):
    content = bytearray((MANIFEST / name).read_bytes())
    content[len(content) // 2] ^= 0x10
    return bytes(content)


WRONG = [
    ("color.png", "192 × 192", lambda: saved(icon("color.png").resize((96, 96)))),
    ("color.png", "outside its central", lambda: with_dot("color.png", (47, 100), (0, 0, 0))),
    ("color.png", "outside its central", lambda: with_dot("color.png", (144, 100), (0, 0, 0))),
    ("color.png", "outside its central", lambda: with_dot("color.png", (100, 47), (0, 0, 0))),
    ("color.png", "outside its central", lambda: with_dot("color.png", (100, 144), (0, 0, 0))),
    ("color.png", "outside its central", lambda: with_dot("color.png", (191, 191), (0, 0, 0))),
    ("color.png", "is empty", lambda: saved(Image.new("RGB", (192, 192), VIOLET))),
    ("color.png", "8-bit", lambda: saved(icon("color.png").quantize(8))),
    ("color.png", "outside its", lambda: saved(half_clear())),
    ("color.png", "not a PNG", lambda: saved(icon("color.png"))[1:]),
    ("color.png", "damaged", lambda: damaged("color.png")),
    ("color.png", "damaged", lambda: (MANIFEST / "color.png").read_bytes()[:60]),
    ("outline.png", "32 × 32", lambda: saved(icon("outline.png").resize((64, 64)))),
    ("outline.png", "pure white", lambda: with_dot("outline.png", (8, 8), (254, 255, 255, 255))),
    ("outline.png", "transparent", lambda: saved(Image.new("RGBA", (32, 32), "white"))),
    ("outline.png", "transparent", lambda: saved(Image.new("RGBA", (32, 32), (255,) * 3 + (0,)))),
    ("outline.png", "transparent", lambda: saved(icon("outline.png").convert("RGB").point(max_))),
    ("outline.png", "too early", lambda: png(bytes(500), 6)),
    ("outline.png", "damaged", lambda: png(bytes([7]) * 129 * 32, 6)),
    ("outline.png", "8-bit", lambda: png(bytes(257 * 32), 6, depth=16)),
    ("outline.png", "8-bit", lambda: png(bytes(129 * 32), 6, interlace=1)),
]


def max_(_):
    return 255


@pytest.mark.parametrize(("name", "problem", "make"), WRONG)
def test_a_wrong_icon_is_found_with_its_reason(name, problem, make):
    files = unpacked(build(CONTOSO)) | {name: make()}
    findings = check(packed(files))
    assert [finding.file for finding in findings] == [name]
    assert problem in findings[0].problem


def test_a_color_icon_may_have_a_transparent_ground():
    image = Image.new("RGBA", (192, 192), (0, 0, 0, 0))
    image.paste(VIOLET, (60, 60, 130, 130))
    assert check(packed(unpacked(build(CONTOSO)) | {"color.png": saved(image)})) == []
