"""Metadata: Pillow's values to sections and back."""

import math
from fractions import Fraction

import numpy as np
import pytest
from PIL import Image

from kmcodec import FormatError
from kmcodec.coding.metadata import check_metadata, decode_text, pillow_info
from kmcodec.coding.metadata import collect_metadata as collect
from kmcodec.format import MAX_METADATA_BYTES, METADATA_NAMES, Mode

EXIF = b"Exif\0\0MM\0*\0\0\0\x08\0\0\0\0\0\0"
VALUES = {
    "comment": b"a comment",
    "dpi": (72.009, 300.0),
    "exif": EXIF,
    "icc_profile": b"profile",
    "xmp": b"<x:xmpmeta/>",
}


def collect_metadata(given, found, mode=Mode.RGB):
    """Collect sections of a picture in color, unless another mode is said."""
    return collect(given, found, mode)


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


def test_the_order_of_sections_does_not_depend_on_where_they_come_from():
    """The same metadata gives the same bytes, as options or as a picture's own."""
    values = {"xmp": b"<x/>", "comment": b"c", "dpi": (72, 72), "exif": EXIF}
    collected = [
        collect_metadata(values, {}),
        collect_metadata({}, values),
        collect_metadata({"xmp": values["xmp"]}, values),
    ]

    assert [[*sections] for sections in collected] == 3 * [["comment", "dpi", "exif", "xmp"]]


def test_exif_is_stored_without_its_prefix():
    """EXIF is the TIFF structure alone, whether it came as bytes or as Pillow's object."""
    exif = Image.Exif()
    exif[0x0112] = 6
    stored = collect_metadata({"exif": exif}, {})["exif"]

    assert collect_metadata({"exif": EXIF}, {})["exif"] == EXIF[6:]
    assert stored[:2] in (b"II", b"MM")
    assert collect_metadata({"exif": Image.Exif()}, {}) == {}


@pytest.mark.parametrize(
    ("name", "value", "error"),
    [
        *(("dpi", dpi, ValueError) for dpi in [(72, -1), (0, 72), (math.nan, 1), (1, math.inf)]),
        *(("dpi", dpi, ValueError) for dpi in [(1,), (1, 2, 3), (10**400, 1), (1, Fraction(-1))]),
        *(("dpi", dpi, TypeError) for dpi in ["72", ("72", "72"), 72, 0, b"7", {1: 2}, (None, 1)]),
        *((name, 5, TypeError) for name in ("comment", "exif", "icc_profile", "xmp")),
        *((name, [b"x"], TypeError) for name in ("comment", "exif", "icc_profile", "xmp")),
        *((name, np.zeros(3), TypeError) for name in ("comment", "exif", "icc_profile", "xmp")),
        *((name, "abc", TypeError) for name in ("exif", "icc_profile")),
        ("exif", b"abc", ValueError),
        ("comment", "\ud800", ValueError),
        ("xmp", "a\udcff", ValueError),
    ],
)
def test_values_that_cannot_be_stored(name, value, error):
    """As an option it is an error that names it; what a picture has is left out with a warning."""
    with pytest.raises(error, match=f"^{name}: "):
        collect_metadata({name: value}, {})
    with pytest.warns(UserWarning, match=f"metadata of the picture is left out: {name}: "):
        left = collect_metadata({}, {**VALUES, name: value})
    assert left.keys() == VALUES.keys() - {name}


@pytest.mark.parametrize("dpi", [None, (), (0, 0), (0.0, 0.0), [0, 0], (Fraction(0), 0)])
def test_unknown_dpi(dpi):
    """Twice 0 is what readers say where a file does not tell."""
    assert collect_metadata({"dpi": dpi}, {}) == collect_metadata({}, {"dpi": dpi}) == {}


@pytest.mark.parametrize("dpi", [[1, 2], (np.float32(1), 2), (Fraction(1), True), (1.0, 2)])
def test_all_real_numbers_are_dpi(dpi):
    """TIFF has fractions, and callers numbers of NumPy's."""
    assert pillow_info(collect_metadata({"dpi": dpi}, {}))["dpi"] == tuple(map(float, dpi))


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
@pytest.mark.parametrize("name", ["comment", "exif", "icc_profile", "xmp"])
def test_bytes_of_any_kind(name, kind):
    """Bytes can be in any of Python's buffers."""
    stored = collect_metadata({name: kind(VALUES[name])}, {})

    assert pillow_info(stored) == {name: VALUES[name]}


def test_too_long_metadata():
    """A section is at most MAX_METADATA_BYTES long; a picture's that is longer is left out."""
    assert collect_metadata({"comment": bytes(MAX_METADATA_BYTES)}, {})
    with pytest.raises(ValueError, match="comment of 16777217 bytes"):
        collect_metadata({"comment": bytes(MAX_METADATA_BYTES + 1)}, {})
    with pytest.warns(UserWarning, match="left out: comment of 16777217 bytes"):
        assert not collect_metadata({}, {"comment": bytes(MAX_METADATA_BYTES + 1)})


def test_too_much_metadata_in_all():
    """All options together have a limit too; of a picture's own, what is above it is left out."""
    most = b"MM\0*".ljust(MAX_METADATA_BYTES, b"\0")
    values = dict.fromkeys(("comment", "exif", "icc_profile", "xmp"), most)
    assert len(collect_metadata(values, {})) == 4
    with pytest.raises(ValueError, match="dpi of 16 bytes makes all metadata longer"):
        collect_metadata({**values, "dpi": (1, 1)}, {})
    with pytest.warns(UserWarning, match="left out: xmp of 16777216 bytes makes all"):
        left = collect_metadata({"dpi": (1, 1)}, values)
    assert left.keys() == {"dpi", "comment", "exif", "icc_profile"}


def test_text_of_older_formats():
    """Bytes that are not UTF-8 are Latin-1, so that no character is lost."""
    assert decode_text("née".encode()) == "née"
    assert decode_text("née".encode("latin-1")) == "née"
    assert decode_text(bytes(range(128, 256))).encode("latin-1") == bytes(range(128, 256))


def test_unknown_names_are_not_pillows():
    """A section of an unknown name does not reach Pillow's info."""
    assert pillow_info({"transparency": b"\0", "comment": b"x"}) == {"comment": b"x"}


@pytest.mark.parametrize("payload", [b"", bytes(15), bytes(17), bytes(16), b"\xff" * 16])
def test_a_malformed_dpi_is_refused(payload):
    """A dpi section is exactly two positive finite numbers."""
    with pytest.raises(FormatError, match="dpi"):
        check_metadata("dpi", payload, 0)
