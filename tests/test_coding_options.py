"""The encoder's options on the command line."""

from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
from helpers import photo
from PIL import Image

import kmcodec
from kmcodec.cli.convert import main, make_parser
from kmcodec.options import Options


@pytest.fixture(autouse=True)
def _place(tmp_path, monkeypatch):
    """Make a folder with some pictures in it."""
    monkeypatch.chdir(tmp_path)
    Image.fromarray(photo(40, 30)).save("photo.png")
    Image.fromarray(photo(24, 20, 1)).save("other.png")
    Image.fromarray(photo(40, 30, 2)).quantize(9).save("nine.png")


def convert(*arguments):
    """Convert the photograph; the file's palette."""
    assert main(["-f", *arguments, "photo.png", "out.kmq"]) == 0
    return kmcodec.decode_indexed(Path("out.kmq").read_bytes())[0]


def test_all_options_are_on_the_command_line():
    """They have the same names, with dashes, but for what a command line cannot be told."""
    names = {field.name.replace("_", "-") for field in fields(Options)}
    known = make_parser()._option_string_actions

    assert {name for name in names if f"--{name}" not in known} == {"progress"}


@pytest.mark.parametrize(
    ("arguments", "options"),
    [
        (["-s", "9"], {"speed": 9}),
        (["--space", "oklab"], {"space": "oklab"}),
        (["--weighting", "roots"], {"weighting": "roots"}),
        (["--dither", "auto"], {"dither": "auto"}),
        (["--dither", "0.5", "--dithering", "ordered"], {"dither": 0.5, "dithering": "ordered"}),
        (["--starts", "3", "--seed", "4"], {"starts": 3, "seed": 4}),
        (["--seeding", "random", "--iterations", "2"], {"seeding": "random", "iterations": 2}),
        (["--psnr", "20-28"], {"psnr": (20, 28)}),
        (["--psnr", "27.5"], {"psnr": 27.5}),
        (["--fixed", "#ff00ff", "--fixed", "teal"], {"fixed": [[255, 0, 255], [0, 128, 128]]}),
        (["--palette", "#f0f teal"], {"palette": [[255, 0, 255], [0, 128, 128]]}),
    ],
)
def test_options_are_those_of_the_functions(arguments, options):
    """A file of the command is the file of the function."""
    convert("-k", "12", *arguments)
    expected = kmcodec.encode(photo(40, 30), 12, **options)

    assert Path("out.kmq").read_bytes() == expected


def test_keeping_hidden_colors():
    """--keep-hidden is a switch."""
    pixels = np.dstack((photo(40, 30), np.zeros((30, 40), np.uint8)))
    pixels[:15, :, 3] = 255
    Image.fromarray(pixels).save("photo.png")
    palette = convert("-k", "12", "--keep-hidden")

    assert np.sum(palette[:, 3] == 0) > 1
    assert Path("out.kmq").read_bytes() == kmcodec.encode(pixels, 12, keep_hidden=True)


def test_importance_is_a_gray_picture():
    """Its white pixels count most."""
    gray = np.zeros((30, 40), np.uint8)
    gray[:, :20] = 200
    Image.fromarray(gray).save("gray.png")
    palette = convert("-k", "5", "--importance", "gray.png")

    expected = kmcodec.quantize(photo(40, 30), 5, importance=gray).palette
    assert sorted(palette.tolist()) == sorted(expected.tolist())


def test_the_palette_of_a_picture():
    """A picture's own palette is taken in its order."""
    with Image.open("nine.png") as image:
        wanted = np.array(image.getpalette()).reshape(-1, 3)
    assert convert("--palette-from", "nine.png").tolist() == wanted.tolist()


def test_the_palette_of_a_kmq_file():
    """So is that of a .kmq file, of any mode."""
    kmcodec.save(photo(40, 30, 3), "a.kmq", colors=7)
    assert convert("--palette-from", "a.kmq").tolist() == kmcodec.info("a.kmq").palette.tolist()


@pytest.mark.parametrize(
    ("arguments", "options"),
    [
        ([], {}),
        (["-s", "9", "--space", "rgb", "--seed", "5"], {"speed": 9, "space": "rgb", "seed": 5}),
        (["--weighting", "roots", "--rate", "8"], {"weighting": "roots"}),
    ],
)
def test_one_palette_for_several_pictures(arguments, options):
    """It is chosen for all of them together, of so many colors, and as other options say."""
    files = ["--palette-from", "photo.png", "--palette-from", "other.png"]
    palette = convert("-k", "6", *files, *arguments)
    expected = kmcodec.quantize_many([photo(40, 30), photo(24, 20, 1)], 6, **options)[0].palette

    assert palette.tolist() == expected.tolist()


@pytest.mark.parametrize(
    ("code", "arguments"),
    [
        (99, ["-k", "2", "--psnr", "50-60"]),
        (2, ["--psnr", "60-50"]),
        (2, ["--psnr", "good"]),
        (2, ["--psnr=-30"]),
        (2, ["--fixed", "red", "--palette-from", "nine.png"]),
        (2, ["--psnr", "30", "--palette-from", "nine.png"]),
        (2, ["--fixed", "nocolor"]),
        (2, ["--fixed", "rgb(300,0,0)"]),
        (2, ["-k", "1", "--fixed", "red", "--fixed", "blue"]),
        (2, ["-s", "0"]),
        (1, ["--importance", "other.png"]),
        (1, ["--importance", "missing.png"]),
        (1, ["--palette-from", "missing.png"]),
        (3, ["--palette-from", "text.png"]),
    ],
)
def test_exit_codes(code, arguments, tmp_path, capsys):
    """Each fault has its code and one line, and no output file."""
    (tmp_path / "text.png").write_text("text")
    try:
        got = main([*arguments, "photo.png", "out.kmq"])
    except SystemExit as error:
        got = error.code

    assert got == code
    assert capsys.readouterr().err.strip()
    assert not (tmp_path / "out.kmq").exists()
