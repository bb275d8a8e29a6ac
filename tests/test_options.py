"""Options: each is checked, and unknown ones are errors."""

import numpy as np
import pytest
from PIL import Image

from kmcodec.options import (
    OPTION_NAMES,
    EncodeOptions,
    IndexedOptions,
    Options,
    QuantizerOptions,
    split_options,
)


@pytest.mark.parametrize("name", ["dither", "rate", "psnr"])
@pytest.mark.parametrize("value", [np.float32(1), np.int64(1), np.float16(1)])
def test_numbers_of_numpy(name, value):
    """They are numbers, and kept as Python's."""
    kept = getattr(Options(**{name: value}), name)

    assert kept == ((0.0, 1.0) if name == "psnr" else 1.0)
    assert type(kept) is (tuple if name == "psnr" else float)


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
        ("palette", [1, 2, 3, 4], ValueError),
        ("palette", b"12", ValueError),
        ("palette", [], ValueError),
        ("palette", 5, TypeError),
        ("exact", 1, TypeError),
        ("keep_hidden", 1, TypeError),
        ("dither", Image.Dither.RASTERIZE, ValueError),
        ("palette", [[1, 2, 3], [1, 2, 3, 4]], ValueError),
        ("palette", [[1, 2, 256]], ValueError),
        ("palette", [[1, 2, -1]], ValueError),
        ("palette", [[1.0, 2, 3]], TypeError),
        ("palette", "web", ValueError),
        ("fixed", [[i // 256, i % 256, 0] for i in range(257)], ValueError),
        ("fixed", [[1, 2, "red"]], TypeError),
        ("psnr", -1, ValueError),
        ("psnr", float("nan"), ValueError),
        ("psnr", (30, 20), ValueError),
        ("psnr", (30,), TypeError),
        ("psnr", "best", TypeError),
        ("psnr", (20, None), TypeError),
        ("progress", 5, TypeError),
        ("iterations", 0, ValueError),
        ("iterations", 1.5, TypeError),
        ("dither", -0.1, ValueError),
        ("dither", 1.1, ValueError),
        ("dither", float("nan"), ValueError),
        ("dither", "1", ValueError),
        ("dither", "Auto", ValueError),
        ("dither", None, TypeError),
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


@pytest.mark.parametrize("name", ["palette", "fixed"])
@pytest.mark.parametrize("colors", [[], (), [[]], b"", np.zeros((0, 3), np.uint8)])
def test_no_colors_are_named(name, colors):
    """A palette without entries is told as that, not as a shape."""
    with pytest.raises(ValueError, match=f"^{name} has no colors$"):
        Options(**{name: colors})


def test_indices_are_modelled_unless_packed_are_asked_for():
    """The default coding is the smaller one; the other is there by name."""
    assert Options().coding == "modelled"
    assert Options(coding="packed").coding == "packed"


def test_psnr_is_a_pair_or_the_one_to_reach():
    """One PSNR has no least; and psnr does not go with a given palette."""
    assert Options(psnr=36).psnr == (0, 36)
    assert Options(psnr=[30, 36.5]).psnr == (30, 36.5)
    with pytest.raises(ValueError, match="does not go with palette"):
        Options(psnr=36, palette=[[1, 2, 3]])


def test_dither_may_be_automatic():
    """A name in place of a number is kept; with rate it does not go together either."""
    assert Options(dither="auto").dither == "auto"
    with pytest.raises(ValueError, match="must be a number, or auto"):
        Options(dither="full")
    with pytest.raises(ValueError, match="dither and rate"):
        Options(dither="auto", rate=1)


def test_dither_may_be_pillows():
    """The members of Image.Dither that mean something here."""
    assert Options(dither=Image.Dither.NONE).dither == 0
    assert Options(dither=Image.Dither.FLOYDSTEINBERG).dithering == "diffusion"
    ordered = Options(dither=Image.Dither.ORDERED)
    assert (ordered.dither, ordered.dithering) == (1, "ordered")


def test_palette_and_fixed_exclude_each_other():
    """A palette that is given has all its entries."""
    with pytest.raises(ValueError, match="palette and fixed"):
        Options(palette=["red"], fixed=["blue"])


def test_fixed_colors_are_distinct():
    """One that is given twice takes one entry."""
    fixed = Options(fixed=["red", "blue", "#ff0000"]).fixed

    assert fixed.tolist() == [[255, 0, 0], [0, 0, 255]]


def test_exact_and_rate_exclude_each_other():
    """One asks for loss."""
    with pytest.raises(ValueError, match="exact"):
        Options(exact=True, rate=1)


def test_numpy_integers_are_integers():
    """What counts as an index in Python counts here."""
    assert Options(colors=np.int64(7)).colors == 7
    assert type(Options(colors=np.int64(7)).colors) is int


def test_an_unknown_option_is_an_error_that_lists_all():
    """A misspelled option is not silently ignored."""
    with pytest.raises(TypeError, match="'colours' does not exist") as caught:
        split_options({"colours": 3}, EncodeOptions, colors=5)

    assert all(name in str(caught.value) for name in OPTION_NAMES)


@pytest.mark.parametrize(
    ("names", "option"),
    [
        (QuantizerOptions, "coding"),
        (IndexedOptions, "dither"),
        (IndexedOptions, "colors"),
        (QuantizerOptions, "comment"),
    ],
)
def test_an_option_that_does_not_apply_is_refused(names, option):
    """What would be ignored is a mistake of the caller's."""
    with pytest.raises(TypeError, match=f"'{option}' does not apply"):
        split_options({option: None}, names)


def test_types_name_all_options():
    """What type checkers know is what there is."""
    assert {"colors", *EncodeOptions.__annotations__} == set(OPTION_NAMES)


def test_metadata_is_split_off():
    """Coding options and metadata come apart, absent ones absent."""
    options, metadata = split_options({"comment": "c", "exif": None}, EncodeOptions, colors=5)

    assert options == Options(colors=5)
    assert metadata == {"comment": "c", "exif": None}
