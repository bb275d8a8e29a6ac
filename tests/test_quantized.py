"""Results of quantization: short to print, equal if they show the same, seen in notebooks."""

import pickle
from dataclasses import FrozenInstanceError
from io import BytesIO

import numpy as np
import pytest
from helpers import photo
from PIL import Image

import kmcodec


def test_it_is_told_in_one_line():
    """Its size, colors and PSNR, not its arrays."""
    quantized = kmcodec.quantize(photo(30, 20), 5)

    assert repr(quantized) == f"<Quantized 30 x 20, 5 colors, {quantized.psnr:.2f} dB>"


def test_two_are_equal_if_palette_and_indices_are():
    """Seconds do not count; colors do."""
    one, same, other = (kmcodec.quantize(photo(30, 20), colors) for colors in (5, 5, 6))

    assert one == same
    assert hash(one) == hash(same)
    assert one != other
    assert one != (one.palette, one.indices)


def test_it_does_not_change():
    """It is frozen."""
    with pytest.raises(FrozenInstanceError):
        kmcodec.quantize(photo(3, 2)).mse = 0


def test_it_comes_from_another_process():
    """It is pickled with all it tells."""
    quantized = kmcodec.quantize(photo(30, 20), 5)
    again = pickle.loads(pickle.dumps(quantized))

    assert again == quantized
    assert (again.mse, again.psnr) == (quantized.mse, quantized.psnr)


@pytest.mark.parametrize("shape", [(4, 5), (4, 5, 2), (4, 5, 3), (4, 5, 4)])
def test_notebooks_show_the_picture(shape):
    """The PNG has the quantized colors."""
    pixels = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    quantized = kmcodec.quantize(pixels, 3)

    shown = np.asarray(Image.open(BytesIO(quantized._repr_png_())))
    assert (shown == quantized.palette[quantized.indices]).all()


def test_it_tells_whether_it_is_exact():
    """With enough colors it is."""
    pixels = photo(6, 4)

    assert kmcodec.quantize(pixels).is_exact
    assert not kmcodec.quantize(pixels, 2).is_exact
