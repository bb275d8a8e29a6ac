"""``kmq-convert --thumbnail``: one small picture of a .kmq, whatever its mode and frames."""

from pathlib import Path

import numpy as np
import pytest
from commands import EXIF, damage, exit_code
from helpers import gradient, picture
from PIL import Image

import kmcodec
from kmcodec.cli import convert

pytestmark = pytest.mark.usefixtures("place")

GRADIENT = Image.fromarray(gradient(640, 480))
MODES = {"1": "L", "L": "L", "LA": "LA", "P": "RGB", "PA": "RGBA", "RGB": "RGB", "RGBA": "RGBA"}
EXTENSIONS = ("avif", "bmp", "gif", "ico", "jp2", "jpg", "pcx", "ppm", "tga", "tif", "webp")


def thumbnail(name, side, *options, output="t.png"):
    """Make a thumbnail, and return it."""
    arguments = ("-f", "--thumbnail", str(side), *options, name, output)
    assert convert.main(arguments) == 0
    with Image.open(output) as image:
        image.load()
    return image


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("coding", ["packed", "modelled"])
def test_every_mode_is_reduced_as_pillow_does(mode, coding):
    """Pixels are means of colors, also where a palette has none, close to what Pillow makes."""
    image = GRADIENT.quantize(64) if mode in {"P", "PA"} else GRADIENT
    image = image.convert(mode)
    image.save("m.kmq", coding=coding)
    with Image.open("m.kmq") as kept:
        expected = kept.convert(MODES[mode])
    expected.thumbnail((100, 100))
    made = thumbnail("m.kmq", 100)

    assert made.mode == MODES[mode]
    assert made.size == (100, 75)
    difference = np.asarray(made).astype(int) - np.asarray(expected)
    assert np.abs(difference).max() <= 4


@pytest.mark.parametrize("mode", ["P", "RGBA"])
def test_colors_under_alpha_do_not_show(mode):
    """What is transparent has no part in a mean, so that no edge gets a fringe of it."""
    pixels = np.zeros((90, 90, 4), np.uint8)
    pixels[..., 1] = 255  # green, which nobody sees
    pixels[31:67, 31:67] = (255, 0, 0, 255)
    image = Image.fromarray(pixels)
    (image.quantize(2) if mode == "P" else image).save("m.kmq", keep_hidden=mode == "RGBA")
    made = np.asarray(thumbnail("m.kmq", 20))

    assert {0, 255} < set(made[..., 3].ravel())
    assert (made[..., :3][made[..., 3] > 0] == (255, 0, 0)).all()


@pytest.mark.parametrize(
    ("size", "side", "expected"),
    [
        ((500, 300), 100, (100, 60)),
        ((300, 500), 100, (60, 100)),
        ((3000, 2), 100, (100, 1)),
        ((2, 3000), 1, (1, 1)),
        ((128, 40), 128, (128, 40)),
        ((128, 40), 1 << 30, (128, 40)),
    ],
)
def test_it_fits_a_square(size, side, expected):
    """The longer side is as long as it may be, the other at least a pixel; nothing is enlarged."""
    kmcodec.save(picture(*size, 4), "m.kmq")

    assert thumbnail("m.kmq", side).size == expected


def test_what_fits_is_as_without_the_option():
    """A picture that is small enough keeps its palette, and is the same file."""
    GRADIENT.resize((64, 48)).quantize(16).save("m.kmq")
    thumbnail("m.kmq", 64)
    assert convert.main(["m.kmq", "all.png"]) == 0

    assert Path("t.png").read_bytes() == Path("all.png").read_bytes()


@pytest.mark.parametrize(("options", "level"), [([], 40), (["--frames", "2:"], 120)])
@pytest.mark.parametrize("side", [20, 200])
def test_it_is_of_one_frame(side, options, level, capsys):
    """The first, or the first that is chosen; that others are left out needs no warning."""
    frames = [np.full((90, 120, 3), level, np.uint8) for level in (40, 80, 120)]
    kmcodec.save_frames(frames, "m.kmq")
    made = thumbnail("m.kmq", side, *options)

    assert getattr(made, "n_frames", 1) == 1
    assert (np.asarray(made.convert("L")) == level).all()
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("extension", EXTENSIONS)
def test_other_formats(extension):
    """They hold it as they hold whole pictures, on a background where they have no alpha."""
    kmcodec.save(np.dstack([gradient(300, 200), gradient(300, 200)[..., :1]]), "m.kmq")
    made = thumbnail("m.kmq", 16, "--background", "white", output=f"t.{extension}")

    assert made.size == (16, 11)


def test_more_colors_than_any_palette_has():
    """A mean may have any color, and a large thumbnail more of them than indices have bytes for."""
    pixels = np.random.default_rng(0).integers(0, 256, (700, 700, 4), np.uint8)
    kmcodec.save(pixels, "m.kmq", colors=256, speed=10)
    made = thumbnail("m.kmq", 400, "--background", "white", output="t.bmp")
    with Image.open("m.kmq") as image:
        image.thumbnail((400, 400))
        white = Image.new("RGBA", image.size, "white")
        expected = np.asarray(Image.alpha_composite(white, image).convert("RGB")).astype(int)

    assert len(np.unique(np.asarray(made).reshape(-1, 3), axis=0)) > 1 << 16
    assert np.abs(np.asarray(made) - expected).max() <= 1


def test_it_is_turned_and_stripped_as_asked():
    """Other options do to it what they do to whole pictures."""
    kmcodec.save(picture(300, 100, 4), "m.kmq", exif=EXIF, comment=b"c")
    assert thumbnail("m.kmq", 30).getexif()[0x0112] == 6
    stripped = thumbnail("m.kmq", 30, "--strip")

    assert stripped.size == (10, 30)
    assert not stripped.getexif()
    assert "Comment" not in stripped.info


def test_trees(tmp_path):
    """Many files get thumbnails of one format."""
    Path("in", "sub").mkdir(parents=True)
    for name in ("in/x.kmq", "in/sub/y.kmq"):
        kmcodec.save(picture(100, 100, 4), name)
    arguments = ("-q", "-r", "in", "--to", "webp", "--out-dir", "out", "--thumbnail", "32")

    assert convert.main(arguments) == 0
    for name in ("x.webp", "sub/y.webp"):
        with Image.open(tmp_path / "out" / name) as image:
            assert image.size == (32, 32)


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        (["a.png"], "--thumbnail is not for KMQ output"),
        (["a.kmq", "-f", "-o", "a.kmq"], "--thumbnail is not for KMQ output"),
        (["a.kmq", "frames/"], "is a directory, and --thumbnail makes one file"),
        (["a.png", "b.jpg"], "neither the input nor the output is KMQ"),
    ],
)
def test_refusals(arguments, fault, capsys):
    """What makes no thumbnail is wrong usage, and writes nothing."""
    before = sorted(Path().iterdir())
    assert convert.main(["--thumbnail", "9", *arguments]) == 2

    assert fault in capsys.readouterr().err
    assert sorted(Path().iterdir()) == before


@pytest.mark.parametrize("side", ["0", "-1", "1.5", "x", str((1 << 30) + 1)])
def test_wrong_sides(side):
    """A side is a number of pixels."""
    assert exit_code(convert.main, f"--thumbnail={side}", "a.kmq", "t.png") == 2
    assert not Path("t.png").exists()


def test_damage_is_told(capsys):
    """A thumbnail is of all pixels, so none is made of a file with damaged ones."""
    damage("a.kmq")

    assert convert.main(["--thumbnail", "16", "a.kmq", "t.png"]) == 3
    assert "a.kmq" in capsys.readouterr().err
    assert not Path("t.png").exists()
