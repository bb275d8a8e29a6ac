"""Test the options that say what becomes of pixels and metadata."""

import argparse
from fractions import Fraction
from pathlib import Path

import pytest
from commands import EXIF, exit_code, posix
from helpers import picture
from PIL import Image

import kmcodec
from kmcodec.cli import convert
from kmcodec.cli.picture_options import make_settings, parse_dpi, parse_keep
from kmcodec.conversion.task import Settings
from kmcodec.format import METADATA_NAMES

pytestmark = pytest.mark.usefixtures("place")


def settings(*arguments, **options):
    """Return what a command line says about pictures."""
    return make_settings(convert.make_parser().parse_args(["a.png", *arguments]), options)


def rich():
    """Save a picture with metadata of all kinds but a profile."""
    image = Image.fromarray(picture(20, 10, 8))
    kmcodec.save(image, "rich.kmq", exif=EXIF, xmp=b"<x/>", dpi=(300, 300), comment="said")


def kept(name):
    """Return the names of the metadata in a .kmq file."""
    with Image.open(name) as image:
        return sorted(set(METADATA_NAMES) & image.info.keys())


def test_nothing_is_said():
    """Then all metadata is kept, and pixels stay as they are."""
    assert settings() == Settings()
    assert settings(colors=5) == Settings(options={"colors": 5})


@pytest.mark.parametrize(
    ("arguments", "changes"),
    [
        (["--background", "white"], {"background": (255, 255, 255, 255)}),
        (["--auto-orient"], {"auto_orient": True}),
        (["--keep", "exif,dpi"], {"keep": frozenset({"exif", "dpi"})}),
        (["--strip"], {"keep": frozenset()}),
        (["--strip", "--keep", "xmp"], {"keep": frozenset({"xmp"})}),
        (["--max-pixels", "77"], {"max_pixels": 77}),
        (["-p"], {"preserve_times": True}),
        (["-n"], {"dry_run": True}),
        (["--if-larger", "copy"], {"if_larger": "copy"}),
        (["--fps", "24000/1001"], {"fps": Fraction(24000, 1001)}),
        (["--frames", "2:5"], {"frames": slice(2, 5)}),
        (["--loop", "3"], {"loop": 3}),
        (["--key-interval", "9"], {"key_interval": 9}),
        (["--dpi", "72"], {"options": {"dpi": (72, 72)}}),
        (["--comment", ""], {"options": {"comment": ""}}),
    ],
)
def test_options_are_settings(arguments, changes):
    """Each is one."""
    assert settings(*arguments) == Settings(**changes)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("all", set(METADATA_NAMES)),
        ("none", set()),
        ("exif", {"exif"}),
        ("icc-profile,xmp", {"icc_profile", "xmp"}),
        ("icc_profile", {"icc_profile"}),
        ("dpi,dpi", {"dpi"}),
        ("exif,icc_profile,xmp,dpi,comment", set(METADATA_NAMES)),
    ],
)
def test_lists_of_metadata(text, names):
    """They are named as the options are."""
    assert parse_keep(text) == names


@pytest.mark.parametrize(
    "text", ["", ",", "exif,", "EXIF", "exif dpi", "all,exif", "none,dpi", "x"]
)
def test_what_is_no_metadata(text, capsys):
    """The message names what is."""
    with pytest.raises(argparse.ArgumentTypeError, match="nor a part of comment,dpi,exif,"):
        parse_keep(text)
    assert exit_code(convert.main, "a.png", f"--keep={text}") == 2
    assert "argument --keep" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "dpi"), [("72", (72, 72)), ("300x150", (300, 150)), ("0.5x1e3", (0.5, 1000))]
)
def test_resolutions(text, dpi):
    """One number is for both axes."""
    assert parse_dpi(text) == dpi


@pytest.mark.parametrize("text", ["", "x", "x72", "72x72x72", "many", "72,72"])
def test_what_is_no_resolution(text):
    """It is refused."""
    with pytest.raises(argparse.ArgumentTypeError, match="is no number, nor two"):
        parse_dpi(text)


@pytest.mark.parametrize("text", ["nan", "inf", "-1", "1e999"])
def test_resolutions_that_no_file_holds(text, capsys):
    """They are one line, and nothing is written."""
    assert exit_code(convert.main, "a.png", "-f", f"--dpi={text}") in (1, 2)
    assert "Traceback" not in capsys.readouterr().err
    assert kmcodec.decode("a.kmq").shape == (128, 128, 3)


@pytest.mark.parametrize("option", ["exif", "icc-profile", "xmp"])
def test_files_of_metadata(option):
    """They are read as they are, and kept though nothing else is."""
    data = EXIF if option == "exif" else b"<x/>"
    Path("data").write_bytes(data)
    name = option.replace("-", "_")
    assert settings(f"--{option}", "data", "--strip").encoding == (
        dict.fromkeys(METADATA_NAMES) | {name: data}
    )


@pytest.mark.parametrize("option", ["exif", "icc-profile", "xmp"])
@pytest.mark.parametrize("name", ["no", ".", "\0"])
def test_files_of_metadata_that_cannot_be_read(option, name, capsys):
    """They are named, and nothing is done."""
    before = Path("a.kmq").read_bytes()
    assert exit_code(convert.main, "-f", "a.png", f"--{option}", name) in (1, 3)
    (line,) = capsys.readouterr().err.splitlines()
    shown = name.replace("\0", r"\x00")
    assert line.startswith(f"kmq-convert: {shown}: ")
    assert Path("a.kmq").read_bytes() == before


@posix
def test_a_file_of_metadata_without_end(capsys):
    """What never ends is not read for ever."""
    assert exit_code(convert.main, "-f", "a.png", "--xmp", "/dev/zero") == 1
    assert "/dev/zero: is longer than the 16,777,216 bytes" in capsys.readouterr().err


@pytest.mark.parametrize("keep", ["all", "none", "exif", "xmp,dpi", "comment"])
def test_only_what_is_kept_is_stored(keep):
    """Of all metadata of the input."""
    rich()
    expected = {
        "all": ["comment", "dpi", "exif", "xmp"],
        "none": [],
        "xmp,dpi": ["dpi", "xmp"],
    }.get(keep, [keep])
    assert convert.main(["rich.kmq", "out.kmq", "--keep", keep]) == 0
    assert kept("out.kmq") == expected


@pytest.mark.parametrize("arguments", [["--strip"], ["--keep", "dpi"], ["--auto-orient"]])
@pytest.mark.parametrize("output", ["out.kmq", "out.png", "out.tiff", "out.webp"])
def test_pixels_are_turned_where_nothing_says_how(arguments, output):
    """Without EXIF's orientation they are as they were shown."""
    rich()
    assert convert.main(["-q", "rich.kmq", output, *arguments]) == 0
    with Image.open(output) as image:
        assert image.size == (10, 20)
        assert image.getexif().get(0x0112, 1) == 1


@pytest.mark.parametrize("output", ["out.kmq", "out.png"])
def test_pixels_stay_where_exif_does(output):
    """It says how they are shown."""
    rich()
    assert convert.main(["rich.kmq", output, "--keep", "exif"]) == 0
    with Image.open(output) as image:
        assert image.size == (20, 10)
        assert image.getexif()[0x0112] == 6
        assert "dpi" not in image.info


@pytest.mark.parametrize("number", ["0", "-1", "x", "1e9", str(10**30)])
def test_limits_that_are_none(number, capsys):
    """They are refused."""
    assert exit_code(convert.main, "a.png", f"--max-pixels={number}") == 2
    assert "--max-pixels" in capsys.readouterr().err


@pytest.mark.parametrize(("number", "code"), [(128 * 128, 0), (128 * 128 - 1, 1)])
def test_the_limit_of_pixels(number, code, capsys):
    """It is the most that there may be, of every kind of input."""
    Path("frames").mkdir()
    Path("frames/1.png").write_bytes(Path("a.png").read_bytes())
    for name in ("a.png", "a.kmq", "frames"):
        to = ["-o", f"{name}.out", "--to", "kmq"]
        assert convert.main([name, *to, f"--max-pixels={number}"]) == code
        assert ("are more than 16,383 pixels" in capsys.readouterr().err) == bool(code)
