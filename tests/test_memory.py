"""How much memory coding takes, beside the picture."""

import tracemalloc

import numpy as np
import pytest

import kmcodec
from kmcodec.libkmq import binding


def traced_peak(call):
    """Most bytes that NumPy and Python held at once."""
    tracemalloc.start()
    call()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


@pytest.mark.parametrize("bits", [1, 3, 8, 12, 16])
def test_packed_coding_is_lean(bits):
    """It takes less than 8 bytes a pixel, the picture and the file included."""
    rng = np.random.default_rng(0)
    dtype = np.uint8 if bits <= 8 else np.uint16
    indices = rng.integers(0, 1 << bits, (1024, 1024), dtype=dtype)
    palette = rng.integers(0, 256, (1 << bits, 3)).astype(np.uint8)
    data = kmcodec.encode_indexed(palette, indices, coding="packed")

    encode = traced_peak(lambda: kmcodec.encode_indexed(palette, indices, coding="packed"))
    assert encode < 8 * indices.size
    assert traced_peak(lambda: kmcodec.decode(data)) < 8 * indices.size


@pytest.mark.parametrize("colors", [2, 16, 17, 64, 256, 257, 65536])
@pytest.mark.parametrize("shape", [(1, 1), (3, 70), (100, 100), (1024, 1024), (2, 1 << 20)])
def test_models_take_8_megabytes_at_most(shape, colors):
    """That is all, beside a plane of 16-bit codes and 4 bytes a column."""
    rows, width = shape
    plane = 2 * (rows + 3) * (width + 16)

    assert binding.band_memory(rows, width, colors) - plane - 4 * width <= 8_000_000
