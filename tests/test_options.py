"""Options: each is checked, and unknown ones are errors."""

import numpy as np
import pytest

from kmcodec.options import OPTION_NAMES, Options, split_options


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
        ("seed", -1, ValueError),
        ("iterations", 0, ValueError),
        ("iterations", 1.5, TypeError),
        ("dither", -0.1, ValueError),
        ("dither", 1.1, ValueError),
        ("dither", float("nan"), ValueError),
        ("dither", "1", TypeError),
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
