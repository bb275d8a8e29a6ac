"""Test what ``kmq-convert`` tells of a conversion."""

import json
import sys
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from helpers import picture
from PIL import Image

import kmcodec
from kmcodec.cli import convert

pytestmark = pytest.mark.usefixtures("place")


@pytest.fixture
def told(monkeypatch, capsys):
    """Return what is told on a terminal."""
    monkeypatch.setattr(convert, "is_watched", lambda: True)
    return lambda: capsys.readouterr().err


def save(pixels, mode=None):
    """Save pixels as s.png."""
    image = Image.fromarray(pixels)
    (image.convert(mode) if mode else image).save("s.png")


@pytest.mark.parametrize("channels", [3, 4])
def test_lost_colors_are_told(told, channels):
    """One line on a terminal tells how many, how near the result is, and how to keep them."""
    save(picture(40, 40, 272, channels))
    assert convert.main(["s.png"]) == 0
    psnr = kmcodec.encode(picture(40, 40, 272, channels)).psnr

    assert told() == (
        f"kmq-convert: s.png: 272 colors reduced to 256, PSNR {psnr:.1f} dB; -k 272 keeps them, "
        "--exact refuses to lose any\n"
    )


def test_the_hint_is_right(told):
    """With what it says nothing is lost, and nothing is told."""
    save(picture(40, 40, 272))
    assert convert.main(["-k", "272", "s.png"]) == 0
    assert told() == ""
    assert kmcodec.load("s.kmq").tobytes() == picture(40, 40, 272).tobytes()


def test_more_colors_than_a_file_can_have(told):
    """Nothing keeps them, so nothing is said of it."""
    save(picture(300, 300, 70_000))
    assert convert.main(["-k", "4", "-s", "10", "s.png"]) == 0
    line = told()
    assert "70,000 colors reduced to 4, PSNR " in line
    assert line.endswith(" dB\n")


def test_a_palette_of_fewer_colors(told):
    """Of a P picture the entries count that pixels use."""
    Image.open("a.png").quantize(9).save("s.png")
    assert convert.main(["-k", "5", "s.png"]) == 0
    assert "9 colors reduced to 5, PSNR " in told()


def test_hidden_colors_are_none(told):
    """What alpha 0 hides is one color to be kept, unless all are."""
    pixels = picture(20, 20, 200, 4)
    pixels[..., 3] = 255
    pixels[:7, :, 3] = 0
    found, opaque = (len(np.unique(part.reshape(-1, 4), axis=0)) for part in (pixels, pixels[7:]))
    save(pixels)
    assert convert.main(["-k", "9", "s.png"]) == 0
    assert f"{opaque + 1} colors reduced to 9, PSNR " in told()
    assert convert.main(["-f", "-k", "9", "--keep-hidden", "s.png"]) == 0
    assert f"{found} colors reduced to 9, PSNR " in told()


def test_losses_that_are_not_of_colors(told):
    """Other colors than the picture's are told of as well."""
    save(picture(20, 20, 4))
    kmcodec.save(picture(9, 9, 9, seed=1), "p.kmq")
    assert convert.main(["--palette-from", "p.kmq", "s.png"]) == 0
    assert "s.png: not exact, PSNR " in told()


def test_silence(told):
    """-q and an exact result have no such line."""
    save(picture(40, 40, 272))
    assert convert.main(["-q", "s.png"]) == 0
    assert convert.main(["a.png", "b.kmq"]) == 0
    assert told() == ""


def test_nobody_watches(monkeypatch, capsys):
    """Nor has a standard error that is no terminal, or none at all."""
    save(picture(40, 40, 272))
    assert convert.main(["s.png"]) == 0
    assert capsys.readouterr() == ("", "")
    for stream, watched in ((None, False), (StringIO(), False), (Watched(), True)):
        monkeypatch.setattr(sys, "stderr", stream)
        assert convert.is_watched() == watched


class Watched(StringIO):
    """A terminal."""

    def isatty(self):
        return True


@pytest.mark.parametrize(("arguments", "larger"), [(["a.kmq", "b.bmp"], True), (["a.png"], False)])
def test_a_larger_file_says_so(arguments, larger, capsys):
    """-v and --json tell whether the output has more bytes than the input."""
    assert convert.main(["-f", "-v", "--json", *arguments]) == 0
    shown = capsys.readouterr()
    told = json.loads(shown.out)

    assert told["larger"] is larger
    assert told["input_bytes"] == Path(arguments[0]).stat().st_size
    assert (told["bytes"] > told["input_bytes"]) == larger
    size = f"larger than the input of {told['input_bytes']:,} bytes"
    assert (size in shown.err) == larger


def test_one_color(capsys):
    """A single color is no colors."""
    save(picture(4, 4, 1))
    assert convert.main(["-v", "s.png"]) == 0
    assert ", 1 color, exact, " in capsys.readouterr().err
