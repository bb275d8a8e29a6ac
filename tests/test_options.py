"""Options: each is checked, and unknown ones are errors."""

import numpy as np
import pytest

from kmcodec.options import OPTION_NAMES, Options, split_options


@pytest.mark.parametrize("name", ["dither", "rate", "quality"])
@pytest.mark.parametrize("value", [np.float32(1), np.int64(1), np.float16(1)])
def test_numbers_of_numpy(name, value):
    """They are numbers, and kept as Python's."""
    kept = getattr(Options(**{name: value}), name)

    assert kept == ((0.0, 1.0) if name == "quality" else 1.0)
    assert type(kept) is (tuple if name == "quality" else float)


@pytest.mark.parametrize(
    ("name", "value", "error"),
    [
        ("colors", 0, ValueError),
        ("colors", -1, ValueError),
        ("colors", 65537, ValueError),
        ("colors", 2.0, TypeError),
        ("colors", "16", TypeError),
        ("colors", True, TypeError),
        ("colors", None, TypeError),
        ("coding", "zip", ValueError),
        ("coding", None, ValueError),
        ("seeding", "wU", ValueError),
        ("seeding", ["wu"], ValueError),
        ("seed", -1, ValueError),
        ("speed", 0, ValueError),
        ("speed", 11, ValueError),
        ("speed", None, TypeError),
        ("starts", 0, ValueError),
        ("starts", "many", TypeError),
        ("space", "lab", ValueError),
        ("space", None, ValueError),
        ("weighting", 1, ValueError),
        ("dithering", "bayer", ValueError),
        ("importance", np.ones((2, 3, 1)), ValueError),
        ("importance", np.ones((0, 3)), ValueError),
        ("importance", np.zeros((2, 3)), ValueError),
        ("importance", np.array([[1, np.nan]]), ValueError),
        ("importance", np.array([[1, np.inf]]), ValueError),
        ("importance", np.array([[1, -1]]), ValueError),
        ("importance", np.array([["a"]]), TypeError),
        ("palette", np.zeros((0, 3), int), ValueError),
        ("palette", np.zeros((65537, 3), int), ValueError),
        ("palette", np.zeros((2, 5), int), ValueError),
        ("palette", [1, 2, 3], ValueError),
        ("palette", [[1, 2, 3], [1, 2, 3, 4]], ValueError),
        ("palette", [[1, 2, 256]], ValueError),
        ("palette", [[1, 2, -1]], ValueError),
        ("palette", [[1.0, 2, 3]], TypeError),
        ("palette", "web", TypeError),
        ("fixed", np.zeros((257, 3), int), ValueError),
        ("fixed", [[1, 2, "red"]], TypeError),
        ("quality", -1, ValueError),
        ("quality", float("nan"), ValueError),
        ("quality", (30, 20), ValueError),
        ("quality", (30,), TypeError),
        ("quality", "best", TypeError),
        ("quality", (20, None), TypeError),
        ("progress", 5, TypeError),
        ("iterations", 0, ValueError),
        ("iterations", 1.5, TypeError),
        ("dither", -0.1, ValueError),
        ("dither", 1.1, ValueError),
        ("dither", float("nan"), ValueError),
        ("dither", "1", TypeError),
        ("rate", -0.1, ValueError),
        ("rate", float("inf"), ValueError),
        ("rate", float("nan"), ValueError),
        ("rate", "1", TypeError),
        ("band_rows", 0, ValueError),
        ("band_rows", 65537, ValueError),
        ("threads", 0, ValueError),
        ("threads", 1.0, TypeError),
        ("threads", True, TypeError),
    ],
)
def test_a_bad_value_is_an_error_that_names_the_option(name, value, error):
    """A value of the wrong type or range is refused by name."""
    with pytest.raises(error, match=name):
        Options(**{name: value})


def test_indices_are_modelled_unless_packed_are_asked_for():
    """The default coding is the smaller one; the other is there by name."""
    assert Options().coding == "modelled"
    assert Options(coding="packed").coding == "packed"


def test_quality_is_a_pair_or_the_one_to_reach():
    """One PSNR has no least; and quality does not go with a given palette."""
    assert Options(quality=36).quality == (0, 36)
    assert Options(quality=[30, 36.5]).quality == (30, 36.5)
    with pytest.raises(ValueError, match="does not go with palette"):
        Options(quality=36, palette=[[1, 2, 3]])


def test_entries_are_any_colors():
    """Lists, tuples and arrays of integers are palettes."""
    for given in ([(1, 2, 3)], [[1, 2, 3]], np.array([[1, 2, 3]]), np.array([[1, 2, 3]], np.uint8)):
        entries = Options(palette=given).palette
        assert entries.dtype == np.uint8
        assert entries.tolist() == [[1, 2, 3]]


def test_numpy_integers_are_integers():
    """What counts as an index in Python counts here."""
    assert Options(colors=np.int64(7)).colors == 7
    assert type(Options(colors=np.int64(7)).colors) is int


def test_an_unknown_option_is_an_error_that_lists_all():
    """A misspelled option is not silently ignored."""
    with pytest.raises(TypeError, match="unknown option 'colours'") as caught:
        split_options({"colours": 3})

    assert all(name in str(caught.value) for name in OPTION_NAMES)


def test_metadata_is_split_off():
    """Coding options and metadata come apart, absent ones absent."""
    options, metadata = split_options({"colors": 5, "comment": "c", "exif": None})

    assert options == Options(colors=5)
    assert metadata == {"comment": "c", "exif": None}
