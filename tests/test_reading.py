"""Test inputs that are no regular files."""

import io
import sys
from pathlib import Path

import pytest
from commands import FakeStandard, same
from helpers import photo, picture
from PIL import Image

import kmcodec
from kmcodec.cli import convert, info
from kmcodec.conversion import reading
from kmcodec.format import MAGIC

pytestmark = pytest.mark.usefixtures("place")


class Endless(io.RawIOBase):
    """A stream of bytes that does not end, and how many have been read."""

    def __init__(self, start=b""):
        self.start = start
        self.given = 0

    def read(self, size=-1):
        assert size > 0, "all of it is asked for"
        data = (self.start if not self.given else b"")[:size].ljust(size, b"\0")
        self.given += size
        return data


@pytest.mark.parametrize("main", [convert.main, info.main])
def test_a_stream_of_no_known_format_is_not_read_on(main, monkeypatch, capsys):
    """Its first bytes tell that it is none."""
    stream = FakeStandard()
    stream.buffer = Endless()
    monkeypatch.setattr(sys, "stdin", stream)

    assert main(["-"]) == 3
    assert stream.buffer.given <= 1 << 20
    assert "not a" in capsys.readouterr().err


@pytest.mark.parametrize("data", [b"a", b"abc", b"BM", b"\x89PNG\r\n"])
def test_a_stream_shorter_than_any_picture(data, monkeypatch, capsys):
    """Pillow's plugins may fail at less than they look at, which is no picture all the same."""
    monkeypatch.setattr(sys, "stdin", FakeStandard(data))

    assert convert.main(["-", "-o", "out.kmq"]) == 3
    assert "not an image" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("main", "start"), [(convert.main, b"\x89PNG\r\n\x1a\n"), (info.main, MAGIC)]
)
def test_a_stream_without_end_is_left(main, start, monkeypatch, capsys):
    """No more is read than the largest picture may take."""
    stream = FakeStandard()
    stream.buffer = Endless(start)
    monkeypatch.setattr(sys, "stdin", stream)
    monkeypatch.setattr(reading, "MAX_STREAM_BYTES", 5 << 20)

    assert main(["-"]) == 1
    assert stream.buffer.given <= 6 << 20
    assert "more than 5,242,880 bytes are read from files only" in capsys.readouterr().err


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="needs /dev/zero")
def test_an_endless_device():
    """By name it is refused as well, wherever a picture is wanted."""
    for main, *arguments in (
        (info.main, "/dev/zero"),
        (convert.main, "/dev/zero", "x.kmq"),
        (convert.main, "a.png", "x.kmq", "--palette-from", "/dev/zero"),
    ):
        assert main(arguments) == 3


def test_a_format_that_no_prefix_tells(monkeypatch):
    """TGA has no magic, and is read from a stream all the same."""
    with Image.open("a.png") as image:
        image.save("a.tga")
    monkeypatch.setattr(sys, "stdin", FakeStandard(Path("a.tga").read_bytes()))

    assert convert.main(["-", "b.kmq"]) == 0
    assert same("b.kmq", "a.png")


@pytest.mark.parametrize("extension", ["tif", "webp", "gif", "bmp", "jp2", "kmq"])
def test_formats_longer_than_a_piece(monkeypatch, extension):
    """A picture of several pieces is read whole."""
    monkeypatch.setattr(reading, "_PIECE_BYTES", 2000)
    Image.fromarray(photo(100, 100)).convert("P").convert("RGB").save(f"b.{extension}")
    data = Path(f"b.{extension}").read_bytes()
    monkeypatch.setattr(sys, "stdin", FakeStandard(data))

    assert convert.main(["-", "c.kmq"]) == 0
    assert kmcodec.info("c.kmq").header.height == 100


def test_a_stream_of_kmq_is_shown(monkeypatch, capsys):
    """All of it, in pieces."""
    kmcodec.save(picture(99, 99, 99), "b.kmq", coding="packed")
    monkeypatch.setattr(reading, "_PIECE_BYTES", 2000)
    monkeypatch.setattr(sys, "stdin", FakeStandard(Path("b.kmq").read_bytes()))

    assert info.main(["--check", "-"]) == 0
    assert "99x99" in capsys.readouterr().out
