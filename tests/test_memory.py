"""How much memory coding takes, beside the picture."""

import tracemalloc
from collections import deque

import numpy as np
import pytest
from commands import run_tool

import kmcodec
from kmcodec.coding.container import Head, join_file
from kmcodec.coding.sections import write_palette
from kmcodec.format import Coding, Header, Mode
from kmcodec.libkmq import binding

TINY_READERS = [  # each with how many bytes it may hold for each byte of the file
    (kmcodec.decode, 4),
    (kmcodec.decode_indexed, 4),
    (kmcodec.load, 4),
    (kmcodec.info, 3),
    (lambda data: kmcodec.info(data, check=True), 3),
]


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


def tiny_bands(colors, coding, count=6000):
    """Make a file whose bands are a pixel each."""
    palette = np.arange(4 * colors, dtype=np.uint32).view(np.uint8)[: 4 * colors].reshape(-1, 4)
    order = np.arange(colors)[::-1].astype(np.uint16)
    flag, section = write_palette(palette, order if coding == Coding.MODELLED else None)
    header = Header(coding, Mode.RGBA, flag, 1, count, colors, 1)
    payload = b"" if coding == Coding.MODELLED else bytes(header.row_bytes)
    return b"".join(join_file(header, {}, section, [payload] * count))


@pytest.mark.slow
@pytest.mark.parametrize(("colors", "coding"), [(1, Coding.PACKED), (256, Coding.MODELLED)])
@pytest.mark.parametrize(("read", "most"), TINY_READERS, ids=lambda value: str(value)[:12])
def test_many_tiny_bands_are_read_in_little_memory(colors, coding, read, most):
    """Of a file of bands alone, no more than some bytes are held for each byte of the file."""
    data = tiny_bands(colors, coding)

    assert traced_peak(lambda: read(data)) < most * len(data) + 2_000_000


def test_flat_pictures_are_decoded_in_little_memory():
    """A modelled picture takes 9 bytes a pixel and the model: colors are looked up by pieces."""
    indices = np.zeros((2048, 2048), np.uint8)
    data = kmcodec.encode_indexed(np.arange(12, dtype=np.uint8).reshape(4, 3), indices)

    assert kmcodec.info(data).header.coding == Coding.MODELLED
    for read in (kmcodec.decode, kmcodec.decode_indexed):
        peak = traced_peak(lambda read=read: read(data, threads=1))
        assert peak < 9 * indices.size + 8_000_000


def recording(count, height=100, width=160):
    """Draw frames on one canvas, a few marks at a time."""
    rng = np.random.default_rng(0)
    canvas = np.zeros((height, width, 3), np.uint8)
    for number in range(count):
        if number % 3:
            top, left = rng.integers(0, (height - 8, width - 40))
            canvas[top : top + 8, left : left + 40] = rng.integers(0, 4, (8, 40, 1)) * 60
        yield canvas


@pytest.mark.parametrize(("coding", "most"), [("packed", 1_000_000), ("modelled", 4_500_000)])
def test_a_long_recording_takes_little_memory(coding, most, tmp_path):
    """Of any number of frames, some bytes of each and a few megabytes are all that is held."""
    path = tmp_path / "a.kmq"
    frames = recording(300)  # of 4.8 MB of indices
    encode = traced_peak(lambda: kmcodec.save_frames(frames, path, coding=coding, threads=1))
    decode = traced_peak(lambda: deque(kmcodec.decode_frames(path, threads=1), 0))

    assert encode < 6_000_000
    assert decode < most


def test_colors_bound_the_memory_of_frames(tmp_path):
    """Colors that come again are held once."""
    rng = np.random.default_rng(0)
    colors = rng.integers(0, 256, (3000, 3), dtype=np.uint8)
    frames = (colors[rng.integers(0, 3000, (60, 80))] for _ in range(100))
    path = tmp_path / "a.kmq"
    peak = traced_peak(lambda: kmcodec.save_frames(frames, path, 16, coding="packed", speed=10))

    assert peak < 20_000_000


def test_the_table_of_codes_is_made_once(monkeypatch):
    """However many bands there are, the palette is put in the order of codes once."""
    calls = []
    by_code = Head.by_code
    monkeypatch.setattr(
        Head, "by_code", lambda head, table: calls.append(1) or by_code(head, table)
    )
    data = tiny_bands(300, Coding.MODELLED, 50)
    kmcodec.decode(data)
    kmcodec.load(data)

    assert len(calls) == 2


@pytest.mark.slow
def test_the_bounds_are_printed():
    """``kmq-bounds`` makes a score of files, and tells of each what four functions cost."""
    done = run_tool("kmq-bounds", "--size", "2000")

    assert done.returncode == 0, done.stderr.decode()
    rows = done.stdout.decode().splitlines()[1:]
    assert len(rows) == 4 * 21
    assert all(float(number) >= 0 for row in rows for number in row.split()[-4:])
