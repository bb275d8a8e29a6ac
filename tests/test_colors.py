"""Colors of the caller's: lists, arrays, names, and what Pillow takes for a palette."""

import numpy as np
import pytest
from PIL import ImagePalette

from kmcodec.colors import read_colors
from kmcodec.options import Options


def test_entries_are_any_colors():
    """Lists, tuples and arrays of integers are palettes."""
    for given in ([(1, 2, 3)], [[1, 2, 3]], np.array([[1, 2, 3]]), np.array([[1, 2, 3]], np.uint8)):
        entries = read_colors("palette", given, 3)
        assert entries.dtype == np.uint8
        assert entries.tolist() == [[1, 2, 3]]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("red", [[255, 0, 0]]),
        (["#0102ff", (1, 2, 3)], [[1, 2, 255], [1, 2, 3]]),
        (["#01020304", "#010203"], [[1, 2, 3, 4], [1, 2, 3, 255]]),
        ([1, 2, 3, 4, 5, 6], [[1, 2, 3], [4, 5, 6]]),
        (bytes([1, 2, 3, 4, 5, 6]), [[1, 2, 3], [4, 5, 6]]),
        (ImagePalette.ImagePalette("RGB", [1, 2, 3, 4, 5, 6]), [[1, 2, 3], [4, 5, 6]]),
        (ImagePalette.ImagePalette("RGBA", [1, 2, 3, 4]), [[1, 2, 3, 4]]),
    ],
)
def test_entries_may_be_what_pillow_takes(given, expected):
    """Names, flat lists, bytes and ImagePalettes, as of Pillow's GIF writer."""
    assert read_colors("fixed", given, 2).tolist() == expected
    assert Options(palette=given).palette.tolist() == expected


def test_more_colors_than_there_may_be_are_refused():
    """The option is named."""
    with pytest.raises(ValueError, match="fixed is of shape"):
        read_colors("fixed", ["red", "blue"], 1)
    with pytest.raises(ValueError, match="fixed has 3 colors, colors is 2"):
        Options(colors=2, fixed=["red", "lime", "red", "blue"])
    assert len(Options(colors=2, fixed=["red", "lime", "red"]).fixed) == 2


def test_what_is_no_color_among_names_is_told():
    """With the option's name."""
    with pytest.raises(TypeError, match=r"^palette: "):
        read_colors("palette", ["red", 5], 9)
