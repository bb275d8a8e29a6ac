"""Speed and memory of packed coding, against Pillow's PNG in the same run."""

import io
import time
import tracemalloc

import numpy as np
import pytest
from PIL import Image

import kmcodec

SIZE = 1024


def best_times(*calls, runs=5):
    """The least time of each call, called in turn."""
    times = [float("inf")] * len(calls)
    for _ in range(runs):
        for number, call in enumerate(calls):
            start = time.perf_counter()
            call()
            times[number] = min(times[number], time.perf_counter() - start)
    return times


def surface(levels):
    """Indices of a smooth surface with some noise."""
    y, x = np.mgrid[0:SIZE, 0:SIZE] / SIZE
    waves = np.sin(9 * x + 4 * y) + np.cos(11 * y - 3 * x * y)
    waves += 0.1 * np.random.default_rng(0).standard_normal(waves.shape)
    waves = (waves - waves.min()) / np.ptp(waves)
    return np.minimum(waves * levels, levels - 1).astype(np.uint8 if levels <= 256 else np.uint16)


@pytest.mark.parametrize("bits", range(1, 17))
def test_packed_coding_is_faster_than_png_and_lean(bits):
    """Decoding to RGB is as fast as PNG's, encoding ten times, with less than 8 bytes a pixel."""
    indices = surface(1 << bits)
    palette = np.random.default_rng(0).integers(0, 256, (1 << bits, 3)).astype(np.uint8)
    image = Image.fromarray((indices >> max(0, bits - 8)).astype(np.uint8))
    image.putpalette(palette[:256].tobytes())
    file = io.BytesIO()
    image.save(file, "PNG", bits=8)
    data = kmcodec.encode_indexed(palette, indices, coding="packed")

    encode, png_encode = best_times(
        lambda: kmcodec.encode_indexed(palette, indices, coding="packed"),
        lambda: image.save(io.BytesIO(), "PNG", bits=8),
        runs=2,
    )
    decode, png_decode = best_times(
        lambda: kmcodec.decode(data), lambda: Image.open(file).load(), runs=7
    )
    assert 10 * encode <= png_encode
    assert decode <= png_decode

    for call in (
        lambda: kmcodec.encode_indexed(palette, indices, coding="packed"),
        lambda: kmcodec.decode(data),
    ):
        tracemalloc.start()
        call()
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 8 * indices.size
