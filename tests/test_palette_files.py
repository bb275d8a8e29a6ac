"""Palettes on the command line, and in files of other programs."""

from argparse import ArgumentTypeError
from pathlib import Path

import pytest
from commands import exit_code
from helpers import photo
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

import kmcodec
from kmcodec.cli import convert, palette_files
from kmcodec.cli.palette_files import parse_palette, read_palette_file
from kmcodec.conversion.faults import FileError

RED, WHITE, SEA = (255, 0, 0, 255), (255, 255, 255, 255), (1, 2, 3, 255)
CLEAR = (1, 2, 3, 0)
LEVELS = bytes([*RED[:3], *WHITE[:3], *SEA[:3]])


@pytest.fixture(autouse=True)
def _place(tmp_path, monkeypatch):
    """Enter a folder of one's own."""
    monkeypatch.chdir(tmp_path)


def write(name, content):
    """Write a file, and return its path."""
    path = Path(name)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize(
    "text",
    [
        "#f00,#fff,#010203",
        "red white #010203ff",
        " ff0000,  FFFFFF , 010203 ",
        "rgb(255, 0, 0),hsl(0, 0%, 100%) rgb(1,2,3)",
    ],
)
def test_colors_in_an_argument(text):
    """They are separated by commas or spaces, and in any form that Pillow reads."""
    assert parse_palette(text) == [RED, WHITE, SEA]


def test_a_file_in_an_argument():
    """What is no list of colors is the name of a file; what is one is none."""
    write("red", "white")
    write("my colors", "white")
    assert parse_palette("my colors") == Path("my colors")
    assert parse_palette("red") == [RED]
    assert parse_palette("./red") == Path("red")


@pytest.mark.parametrize(
    "text",
    ["", " , ", "#12345", "red,nocolor", "rgb(300,0,0)", "red(", "a\0b", "x" * 5000, "missing.gpl"],
)
def test_neither_colors_nor_a_file(text):
    """That is told in one line that is not too long."""
    with pytest.raises(ArgumentTypeError, match="nor is there such a file") as caught:
        parse_palette(text)
    assert len(str(caught.value)) < 100


@pytest.mark.parametrize(
    ("name", "content", "colors"),
    [
        ("a.hex", "ff0000\nffffff\n010203\n", [RED, WHITE, SEA]),
        ("a.hex", "\ufeffff0000\r\nFFFFFF\r\n\r\n010203", [RED, WHITE, SEA]),
        ("a.txt", "# mine\nred\n#fff ; as snow\n; sea\n//\n#010203 // sea\n", [RED, WHITE, SEA]),
        ("a.txt", "#\nred # as a rose\n#01020300\r\n", [RED, CLEAR]),
        ("a.txt", ";paint.net Palette File\n;Colors: 2\nFFFF0000\n00010203", [RED, CLEAR]),
        ("a.gpl", "GIMP Palette\nName: x\nColumns: 3\n#\n255 0 0\tred\n  1   2   3", [RED, SEA]),
        ("a.gpl", "GIMP Palette\r\n255 0 0 9 lives\r\n", [RED]),
        ("a.gpl", b"GIMP Palette\nName: \xe9t\xe9\n255 0 0 \xe9\n", [RED]),
        ("a.gpl", "GIMP Palette\nChannels: RGBA\n#\n255 0 0 255 red\n1 2 3 0 no", [RED, CLEAR]),
        ("a.pal", "JASC-PAL\r\n0100\r\n2\r\n255 0 0\r\n1 2 3\r\n", [RED, SEA]),
        ("a.pal", "JASC-PAL\n0100\n02\n255 0 0 255\n1 2 3 0\n", [RED, CLEAR]),
        ("a.ACT", LEVELS + bytes(759), [RED, WHITE, SEA] + [(0, 0, 0, 255)] * 253),
        ("a.act", LEVELS + bytes(759) + b"\0\3\xff\xff", [RED, WHITE, SEA]),
        ("a.act", LEVELS + bytes(759) + b"\0\3\0\2", [RED, WHITE, CLEAR]),
    ],
)
def test_files(name, content, colors):
    """Each format is read with its order, its alpha and its comments."""
    assert read_palette_file(write(name, content)) == colors


@pytest.mark.parametrize(
    ("name", "content", "fault"),
    [
        ("a.txt", "", "it has 0 colors, not 1 to 65,536"),
        ("a.txt", "; nothing\n", "it has 0 colors, not 1 to 65,536"),
        ("a.txt", "000000\n" * 65537, "it has 65,537 colors, not 1 to 65,536"),
        ("a.txt", "red\n\nredd\n", "line 3: 'redd' is no color"),
        ("a.txt", "red, white\n", "line 1: 'red, white' is no color"),
        ("a.hex", "ff0000\n12345\n", "line 2: '12345' is no color"),
        ("a.txt", "rgb(300,0,0)", "line 1: 'rgb(300,0,0)' is no color"),
        ("a.txt", "z" * 10000, f"line 1: '{'z' * 40}' is no color"),
        ("a.png", b"\x89PNG\0", "it is no text; --palette-from takes the palette of a picture"),
        ("a.gpl", "GIMP Palette\n1 2\n", "line 2: '1 2' is not 3 levels of 0 to 255"),
        ("a.gpl", "GIMP Palette\n#\n1 2 256 x", "line 3: '1 2 256' is not 3 levels of 0 to 255"),
        ("a.gpl", "GIMP Palette\n-1 2 3", "line 2: '-1 2 3' is not 3 levels of 0 to 255"),
        ("a.gpl", "GIMP Palette\nChannels: RGBA\n1 2 3 x", "line 3: '1 2 3 x' is not 4 levels of"),
        ("a.pal", "JASC-PAL\n0100", "line 2: a JASC-PAL file goes on with 0100, and"),
        ("a.pal", "JASC-PAL\n0200\n1\n1 2 3", "line 2: a JASC-PAL file goes on with 0100, and"),
        ("a.pal", "JASC-PAL\n0100\n3\n1 2 3\n", "line 3: says 3 colors, there are 1"),
        ("a.pal", "JASC-PAL\n0100\n1\n1 2 3 4 5\n", "line 4: '1 2 3 4 5' is not 3 levels of"),
        ("a.pal", "JASC-PAL\n0100\n1\n1 2 " + "9" * 5000, "line 4: '1 2 999"),
        ("a.act", LEVELS, "a .act file of 9 bytes, not 768 or 772"),
        ("a.act", bytes(768) + b"\1\1\0\0", "a .act file that counts 257 colors, not 1 to 256"),
    ],
)
def test_faults(name, content, fault):
    """They name the file, and the line where there is one, and are never long."""
    with pytest.raises(FileError) as caught:
        read_palette_file(write(name, content))
    assert caught.value.name == name
    assert str(caught.value).startswith(fault)
    assert len(str(caught.value)) < 150


def test_a_file_without_end(monkeypatch):
    """No more is read than a palette has."""
    monkeypatch.setattr(palette_files, "MAX_BYTES", 100)
    with pytest.raises(FileError, match="more than 100 bytes"):
        read_palette_file(write("a.hex", "ff0000\n" * 15))


@given(st.binary(max_size=80), st.sampled_from(["", "GIMP Palette\n", "JASC-PAL\n0100\n2\n"]))
def test_any_bytes_are_a_palette_or_a_fault(data, head):
    """Whatever a file has in it, nothing else escapes."""
    for suffix in (".act", ".txt"):
        path = write("a" + suffix, head.encode() + data)
        try:
            colors = read_palette_file(path)
        except FileError:
            continue
        assert all(len(color) == 4 and 0 <= min(color) <= max(color) <= 255 for color in colors)


@pytest.mark.parametrize("argument", ["#ff0000,white,010203", "a.hex"])
def test_the_command(argument):
    """A file has just these entries, in their order, and a picture without alpha gets none."""
    write("a.hex", "ff0000\nffffff\n010203")
    Image.fromarray(photo(20, 12)).save("photo.png")
    assert convert.main(["--palette", argument, "photo.png"]) == 0
    expected = kmcodec.encode(photo(20, 12), palette=["red", "white", "#010203"])
    assert Path("photo.kmq").read_bytes() == expected
    assert kmcodec.info("photo.kmq").palette.tolist() == [list(c[:3]) for c in (RED, WHITE, SEA)]


@pytest.mark.parametrize(
    ("code", "arguments", "told"),
    [
        (2, ["--palette", "nocolor"], "'nocolor' is no color, nor is there such a file"),
        (2, ["--palette", "red", "--fixed", "red"], "--fixed and --palette exclude each other"),
        (2, ["--palette", "red", "--psnr", "30"], "--palette and --psnr exclude each other"),
        (2, ["--palette", "bad.txt", "--psnr", "30"], "--palette and --psnr exclude each other"),
        (
            2,
            ["--palette", "red", "--palette-from", "photo.png"],
            "--palette and --palette-from exclude each other",
        ),
        (1, ["--palette", "."], "kmq-convert: .: "),
        (3, ["--palette", "bad.txt"], "kmq-convert: bad.txt: line 2: 'no' is no color"),
    ],
)
def test_exit_codes(code, arguments, told, capsys):
    """Each fault has its code and one line, and no output file."""
    write("bad.txt", "red\nno")
    Image.fromarray(photo(20, 12)).save("photo.png")
    assert exit_code(convert.main, *arguments, "photo.png") == code
    assert told in capsys.readouterr().err
    assert not Path("photo.kmq").exists()
