"""Metadata: Pillow's values to sections and back."""

import math

import pytest
from PIL import Image

from kmcodec import FormatError
from kmcodec.coding.metadata import check_metadata, collect_metadata, pillow_info
from kmcodec.format import MAX_METADATA_BYTES, METADATA_NAMES

EXIF = b"Exif\0\0MM\0*\0\0\0\x08\0\0\0\0\0\0"
VALUES = {
    "comment": b"a comment",
    "dpi": (72.009, 300.0),
    "exif": EXIF,
    "icc_profile": b"profile",
    "xmp": b"<x:xmpmeta/>",
}


def test_what_is_collected_is_given_back():
    """Each kind of metadata has the same value under the same key after a round trip."""
    assert VALUES.keys() == set(METADATA_NAMES)
    assert pillow_info(collect_metadata(VALUES, {})) == VALUES
    assert pillow_info(collect_metadata({}, VALUES)) == VALUES


def test_an_option_replaces_what_the_image_has():
    """An option wins over the image's info; an empty one leaves the section out."""
    assert collect_metadata({"comment": "new"}, VALUES)["comment"] == b"new"
    for empty in (b"", "", None):
        assert "xmp" not in collect_metadata({"xmp": empty}, VALUES)


def test_exif_is_stored_without_its_prefix():
    """EXIF is the TIFF structure alone, whether it came as bytes or as Pillow's object."""
    exif = Image.Exif()
    exif[0x0112] = 6
    stored = collect_metadata({"exif": exif}, {})["exif"]

    assert collect_metadata({"exif": EXIF}, {})["exif"] == EXIF[6:]
    assert stored[:2] in (b"II", b"MM")
    assert collect_metadata({"exif": Image.Exif()}, {}) == {}


@pytest.mark.parametrize("dpi", [(0, 72), (72, -1), (math.nan, 1), (1, math.inf), (1,), (1, 2, 3)])
def test_impossible_dpi(dpi):
    """A dpi that is not two positive numbers is an error as an option, and ignored in an image."""
    with pytest.raises(ValueError, match="dpi"):
        collect_metadata({"dpi": dpi}, {})
    assert collect_metadata({}, {"dpi": dpi}) == {}


def test_an_option_of_the_wrong_type_is_named():
    """A value that cannot be stored is a TypeError that names the option."""
    with pytest.raises(TypeError, match="comment"):
        collect_metadata({"comment": 5}, {})


def test_too_long_metadata_is_refused():
    """A section is at most MAX_METADATA_BYTES long."""
    assert collect_metadata({"comment": bytes(MAX_METADATA_BYTES)}, {})
    with pytest.raises(ValueError, match="comment of 16777217 bytes"):
        collect_metadata({"comment": bytes(MAX_METADATA_BYTES + 1)}, {})


def test_unknown_names_are_not_pillows():
    """A section of an unknown name does not reach Pillow's info."""
    assert pillow_info({"transparency": b"\0", "comment": b"x"}) == {"comment": b"x"}


@pytest.mark.parametrize("payload", [b"", bytes(15), bytes(17), bytes(16), b"\xff" * 16])
def test_a_malformed_dpi_is_refused(payload):
    """A dpi section is exactly two positive finite numbers."""
    with pytest.raises(FormatError, match="dpi"):
        check_metadata("dpi", payload, 0)
