"""Test metadata that a format has no room for."""

import struct

import numpy as np
import pytest
from commands import EXIF
from helpers import picture
from PIL import Image

import kmcodec
from kmcodec.cli import convert

pytestmark = pytest.mark.usefixtures("place")
LONG = b"x" * 70_000
FAULTS = {
    "dpi of 32 bits": {"dpi": (4294967295, 4294967295)},
    "dpi of 1e9": {"dpi": (1e9, 72)},
    "dpi of 1e300": {"dpi": (1e300, 1e-300)},
    "dpi of 1e-9": {"dpi": (1e-9, 1e-9)},
    "long EXIF": {"exif": b"MM\0*" + LONG},
    "EXIF that is none": {"exif": b"MM\0*\0"},
    "EXIF that ends early": {"exif": b"II*\0\xff\xff\xff\x7f"},
    "long XMP": {"xmp": LONG},
    "XMP that is no text": {"xmp": b"\xff\0\xfe"},
    "long comment": {"comment": LONG},
    "comment that is no text": {"comment": b"a\0b\xff"},
    "long profile": {"icc_profile": LONG},
    "short profile": {"icc_profile": b"j"},
}
EXTENSIONS = ("png", "jpg", "jp2", "tif", "webp", "gif", "bmp", "ico", "tga", "ppm", "pcx", "pdf")


@pytest.mark.parametrize("fault", FAULTS)
def test_metadata_without_room_is_left_out(fault, capsys):
    """The picture is written all the same, and a warning names what is missing."""
    kmcodec.save(picture(20, 12, 9), "p.kmq", **FAULTS[fault])
    (name,) = FAULTS[fault]
    for extension in EXTENSIONS:
        assert convert.main(["p.kmq", f"q.{extension}"]) == 0
        error = capsys.readouterr().err
        for line in error.splitlines():
            assert any(
                said in line
                for said in (f"has no room for its {name},", "Corrupt EXIF", "exif is left out")
            )
        if extension not in {"jpg", "pdf"}:
            with Image.open(f"q.{extension}") as image:
                np.testing.assert_array_equal(np.asarray(image.convert("RGB")), picture(20, 12, 9))


@pytest.mark.parametrize(
    ("fault", "extensions"),
    [
        ("dpi of 32 bits", "png bmp ico jpg"),
        ("dpi of 1e9", "png bmp ico jpg"),
        ("long EXIF", "jpg pdf"),
        ("long XMP", "jpg pdf"),
        ("long comment", "jpg pdf jp2"),
        ("EXIF that is none", "tif"),
    ],
)
def test_what_is_left_out_is_told(fault, extensions, capsys):
    """All else is kept, and -q silences the warning."""
    values = {"comment": b"c", "icc_profile": b"i" * 200, "dpi": (72, 72)} | FAULTS[fault]
    kmcodec.save(picture(20, 12, 9), "p.kmq", **values)
    (name,) = FAULTS[fault]
    for extension in extensions.split():
        assert convert.main(["-f", "p.kmq", f"q.{extension}"]) == 0
        assert f" has no room for its {name}, which is left out\n" in capsys.readouterr().err
        assert convert.main(["-q", "-f", "p.kmq", f"q.{extension}"]) == 0
        assert capsys.readouterr().err == ""
        if extension in {"png", "jpg"}:
            with Image.open(f"q.{extension}") as image:
                assert image.info["icc_profile"] == b"i" * 200
                assert ("dpi" in image.info) == (name != "dpi")


def test_a_tiff_keeps_its_own_structure():
    """Sizes and compression in EXIF are those of another file; all else is kept."""
    entries = [(256, 4, 5000), (257, 4, 5000), (259, 3, 7), (274, 3, 6), (277, 3, 1)]
    packed = b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in entries)
    exif = b"II*\0\x08\0\0\0" + struct.pack("<H", len(entries)) + packed + bytes(4)
    kmcodec.save(picture(20, 12, 9), "p.kmq", exif=exif)
    assert convert.main(["p.kmq", "q.tif"]) == 0
    with Image.open("q.tif") as image:
        assert image.tag_v2[274] == 6
        assert image.tag_v2[256] == 20
        assert image.tag_v2[277] == 3


def test_a_picture_that_cannot_be_written_is_an_error(capsys):
    """Where metadata is not to blame, it is not blamed."""
    kmcodec.save(picture(70000, 1, 3), "p.kmq", exif=EXIF, comment="c")
    assert convert.main(["p.kmq", "q.jpg"]) == 1
    error = capsys.readouterr().err
    assert error.startswith("kmq-convert: q.jpg: ")
    assert "no room" not in error
