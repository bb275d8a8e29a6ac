"""What each pixel costs: all of them together what the payloads are long, and each its own."""

import numpy as np
import pytest
from helpers import KINDS, drawing, moving_codes, noise, photo, plane

import kmcodec
from kmcodec.coding import modelled
from kmcodec.coding.container import find_bands, find_frames, join_file, open_head
from kmcodec.coding.modelled import Model, aligned
from kmcodec.format import Coding, Flags, Header, Mode
from kmcodec.libkmq import binding, costs
from kmcodec.report.costs import pixel_costs


def payload_bits(data, frame=0):
    """Return the bits of the payloads of each band of a frame."""
    with open_head(data, None) as (stream, head):
        bands = find_frames(stream, head)[frame] if head.animation else find_bands(stream, head)
        return [8 * band.length for band in bands]


def costs_of(payload, colors, shape):
    """Return the costs of a band."""
    out = np.zeros(shape, np.float32)
    memory = aligned(binding.frames_memory(*shape, colors))

    assert costs.decode_costs(payload, colors, True, memory, out) == binding.OK
    return out


@pytest.mark.parametrize("model", Model, ids=["photo", "graphics"])
@pytest.mark.parametrize("colors", [2, 5, 16, 64, 200, 300, 65536])
@pytest.mark.parametrize("kind", KINDS)
def test_all_pixels_cost_what_the_payload_is_long(kind, colors, model):
    """The sum is the length to within what the end of the coder takes, under either model."""
    indices = plane(kind, (70, 90), colors)
    payload = modelled._encode_band(indices, colors, model, 8 * indices.size)
    bits = costs_of(payload, colors, indices.shape)

    assert abs(bits.sum(dtype=float) - 8 * len(payload)) <= 16
    assert bits.min() >= 0


def test_costs_of_a_picture():
    """Bands are put together, and each costs what it is long."""
    data = kmcodec.encode(photo(120, 90), colors=16, band_rows=16)
    bits = pixel_costs(data, threads=2)

    assert bits.shape == (90, 120)
    assert bits.dtype == np.float32
    lengths = [bits[top : top + 16].sum(dtype=float) for top in range(0, 90, 16)]
    assert np.abs(np.subtract(lengths, payload_bits(data))).max() <= 16


def test_a_mark_on_an_even_ground_is_what_costs():
    """Bits are where something is told that was not expected."""
    pixels = np.full((64, 64, 3), 200, np.uint8)
    pixels[40:48, 24:32] = noise((8, 8, 3)) // 128 * 255
    bits = pixel_costs(kmcodec.encode(pixels))

    assert bits[40:48, 24:32].sum() > 0.8 * bits.sum()
    assert bits[:38].max() < bits[40:48, 24:32].min() * 40


def test_noise_costs_its_entropy():
    """Where nothing can be learned, each index takes its bits, and hardly more."""
    indices = plane("noise", (200, 200), 16)
    bits = costs_of(modelled._encode_band(indices, 16, Model.PHOTO, 1 << 17), 16, (200, 200))

    assert abs(float(bits.mean()) - 4) < 0.1
    assert float(bits[100:].std()) < 0.5


@pytest.mark.parametrize(("width", "each"), [(128, 4), (5, 4.8)])
def test_packed_pixels_cost_their_share_of_the_row(width, each):
    """That is the bits of an index, and of padding."""
    pixels = noise((9, width, 1)) // 16 * 16
    data = kmcodec.encode(pixels.repeat(3, axis=2), colors=16, coding="packed")

    assert np.allclose(pixel_costs(data), each)


@pytest.mark.parametrize("coding", ["packed", "modelled"])
def test_one_color_costs_nothing(coding):
    """Where nothing is told, nothing is paid."""
    data = kmcodec.encode(np.zeros((4, 7), np.uint8), coding=coding)

    assert not pixel_costs(data).any()


@pytest.mark.parametrize("coding", ["packed", "modelled"])
def test_costs_of_each_frame(coding):
    """A frame costs what it takes after those before it, and nothing where that is as before."""
    header = Header(Coding.MODELLED, Mode.RGB, Flags(0), 40, 32, 16, 8)
    palette = noise((16, 3))
    frames = [palette[codes] for codes in moving_codes(header, 7)]
    settings = {"coding": coding, "band_rows": 8, "key_interval": 4}
    data = kmcodec.encode_frames(frames, duration=40, **settings)
    for number in range(7):
        bits = pixel_costs(data, number)
        lengths = [bits[top : top + 8].sum(dtype=float) for top in range(0, 32, 8)]
        expected = payload_bits(data, number)

        assert np.abs(np.subtract(lengths, expected)).max() <= 16, number
        assert not any(
            length for length, bits in zip(lengths, expected, strict=True) if not bits
        ), number


def test_rows_and_blocks_of_moving_pictures():
    """What does not change costs next to nothing, what does is where the bits are."""
    first = drawing(96, 64)
    second = first.copy()
    second[20:40, 50:70] = drawing(20, 20, seed=1)
    data = kmcodec.encode_frames([first, second], duration=40)
    bits = pixel_costs(data, 1)
    changed = (first != second).any(axis=2)

    assert bits[changed].sum() > 0.7 * bits.sum()
    assert abs(bits.sum(dtype=float) - sum(payload_bits(data, 1))) <= 16


@pytest.mark.parametrize(
    ("frame", "error"), [(-1, ValueError), (1, ValueError), ("0", TypeError), (0.5, TypeError)]
)
def test_a_frame_that_there_is_not(frame, error):
    """Numbers of frames are from 0 to the last, of a still picture 0."""
    with pytest.raises(error, match="frame"):
        pixel_costs(kmcodec.encode(drawing(8, 8)), frame)


def test_damage_is_an_error():
    """Whatever the checksums say of a payload that no picture has."""
    pixels = photo(40, 40)
    data = kmcodec.encode(pixels, colors=16)
    with pytest.raises(kmcodec.ChecksumError):
        pixel_costs(data[:-5] + bytes([data[-5] ^ 1]) + data[-4:])
    with pytest.raises(kmcodec.TruncatedError):
        pixel_costs(data[:-5])
    with pytest.raises(kmcodec.LimitError):
        pixel_costs(data, max_pixels=1599)
    header = Header(Coding.MODELLED, Mode.RGB, Flags(0), 8, 8, 2, 8)
    bad = b"".join(join_file(header, {}, bytes(6), [b"\xff" * 8]))
    with pytest.raises(kmcodec.FormatError, match="no indices have this payload"):
        pixel_costs(bad)


@pytest.mark.parametrize("colors", [2, 17, 200, 65536])
def test_any_bytes_stay_within_their_buffers(colors):
    """Whatever frames are made of, costs are written to their pixels, and to nothing else."""
    rng = np.random.default_rng(colors)
    for _ in range(100):
        rows, width = rng.integers(1, 40, 2).tolist()
        needed = binding.frames_memory(rows, width, colors)
        memory = aligned(needed + 64)
        memory[needed:] = 7
        around = np.full(rows * width + 200, -5, np.float32)
        for is_key in (True, False, False):
            payload = rng.integers(0, 256, rng.integers(0, 60)).astype(np.uint8).tobytes()
            out = around[100:-100].reshape(rows, width)
            costs.decode_costs(payload, colors, is_key, memory, out)

        assert (around[:100] == -5).all()
        assert (around[-100:] == -5).all()
        assert (memory[needed:] == 7).all()


def test_sizes_that_do_not_fit_do_not_come_to_c():
    """The binding refuses a buffer that C would read or write beyond."""
    memory = aligned(binding.frames_memory(8, 8, 16))
    out = np.zeros((8, 8), np.float32)
    for colors, scratch, target in (
        (1, memory, out),
        (65537, memory, out),
        (16, memory[:-64], out),
        (16, memory[1:], out),
        (16, memory, np.zeros((9, 80), np.float32)),
        (16, memory, out[:0]),
    ):
        with pytest.raises(ValueError, match="sizes do not fit"):
            costs.decode_costs(b"", colors, True, scratch, target)
