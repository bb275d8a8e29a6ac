"""The coded palette: entries and their order come back, and like colors take little."""

from contextlib import suppress
from io import BytesIO

import numpy as np
import pytest
from arrays import arrays, or_any
from hypothesis import given, settings
from hypothesis import strategies as st

from kmcodec import FormatError
from kmcodec.coding.order import green_order, invert_order, split_order
from kmcodec.coding.sections import (
    SectionReader,
    decode_palette,
    encode_palette,
    pack_length,
    read_length,
)

COUNTS = [1, 2, 3, 17, 256, 257, 4096, 65536]
every_channel = pytest.mark.parametrize("channels", [1, 2, 3, 4])


def random_palette(count, channels, seed=0):
    """Entries without any likeness."""
    return np.random.default_rng(seed).integers(0, 256, (count, channels)).astype(np.uint8)


def random_order(count, seed=0):
    """Any permutation but the identity, which one entry alone has."""
    order = np.random.default_rng(seed).permutation(count).astype(np.uint16)
    return np.roll(order, 1) if (order == np.arange(count)).all() else order


@pytest.mark.parametrize(
    ("length", "groups"),
    [(0, "00"), (127, "7f"), (128, "8001"), (16383, "ff7f"), (16384, "808001")],
)
def test_the_length_of_a_coded_palette_takes_seven_bits_a_byte(length, groups):
    """Seven bits a byte, low ones first, and all bytes but the last have the top bit."""
    assert pack_length(length) == bytes.fromhex(groups)
    assert read_length(SectionReader(BytesIO(pack_length(length))), "length", 2**21 - 1) == length


def decode(payload, count, channels, may_have_order=True):
    """Return the palette and its order."""
    return decode_palette(payload, count, channels, may_have_order=may_have_order)


def assert_round_trip(palette, order):
    """Palette and order are decoded as they were."""
    payload = encode_palette(palette, order)
    palette_again, order_again = decode(payload, *palette.shape)

    assert (palette_again == palette).all()
    if order is None:
        assert order_again is None
        assert (decode(payload, *palette.shape, may_have_order=False)[0] == palette).all()
    else:
        assert (order_again == order).all()


@every_channel
@pytest.mark.parametrize("count", COUNTS)
def test_palettes_of_noise(count, channels):
    """A palette without any likeness comes back and grows by a few bytes at most."""
    palette = random_palette(count, channels)

    assert_round_trip(palette, None)
    assert len(encode_palette(palette, None)) <= palette.size + 16


@pytest.mark.slow
@every_channel
@pytest.mark.parametrize("count", COUNTS[1:])
def test_palettes_with_an_order(count, channels):
    """Entries in their order and the codes' order come back, like entries or not."""
    noise = random_palette(count, channels)
    smooth = noise[split_order(noise, np.ones(count, np.int64))]
    for palette in (noise, smooth, np.zeros_like(noise)):
        assert_round_trip(palette, random_order(count))


@every_channel
@pytest.mark.parametrize("count", COUNTS)
def test_sorted_palettes_are_shorter(count, channels):
    """In an order in which neighbors are like, a palette comes back from fewer bytes."""
    palette = random_palette(count, channels)
    palette = palette[green_order(palette)]

    assert_round_trip(palette, None)
    if count >= 256:
        assert len(encode_palette(palette, None)) < 0.9 * palette.size


@given(arrays(or_any([0, 1, 127, 128, 254, 255]), 40, 4), st.integers(0, 2**32 - 1))
def test_any_palette_in_any_order(palette, seed):
    """No samples, channels or order are lost."""
    order = random_order(len(palette), seed)

    assert_round_trip(palette, order if len(palette) > 1 else None)


def test_the_order_tells_where_entries_belong():
    """What is coded are the entries of the codes; what is decoded is the palette."""
    palette = np.array([[10], [20], [30]], np.uint8)
    order = np.array([2, 0, 1], np.uint16)
    palette_again, order_again = decode(encode_palette(palette, order), 3, 1)

    assert palette_again.tolist() == palette.tolist()
    assert palette_again[order_again].tolist() == [[30], [10], [20]]


def test_an_order_that_changes_nothing_is_refused():
    """The order of the palette itself is told by telling none."""
    for count in (1, 2, 3, 300):
        payload = encode_palette(random_palette(count, 3), np.arange(count, dtype=np.uint16))
        with pytest.raises(FormatError, match="leaves all entries in their places"):
            decode(payload, count, 3)


def test_an_order_where_there_may_be_none_is_refused():
    """Beside packed indices an order has no meaning."""
    for count in (2, 3, 300):
        payload = encode_palette(random_palette(count, 3), random_order(count))
        with pytest.raises(FormatError, match="has an order"):
            decode(payload, count, 3, may_have_order=False)


@every_channel
def test_a_gray_ramp_is_next_to_nothing(channels):
    """All 256 grays in steps of one are a few bytes in any number of channels."""
    ramp = np.repeat(np.arange(256, dtype=np.uint8)[:, np.newaxis], channels, axis=1)

    assert len(encode_palette(ramp, None)) < 10
    assert_round_trip(ramp, None)


def test_a_regular_order_is_short():
    """An order in runs takes a few bytes, any order little more than its bits."""
    ramp = np.repeat(np.arange(256, dtype=np.uint8)[:, np.newaxis], 3, axis=1)
    turned = np.roll(np.arange(256), 100).astype(np.uint16)
    scattered = random_order(256)

    assert len(encode_palette(ramp[invert_order(turned)], turned)) < 20
    assert (
        len(encode_palette(ramp[invert_order(scattered)], scattered)) < 1.2 * 1684 / 8
    )  # log2 of 256!


def test_the_same_palette_has_the_same_payload():
    """Nothing is kept from one palette to the next."""
    palettes = [random_palette(count, 3, count) for count in (5, 300, 20)]
    once = [encode_palette(palette, None) for palette in palettes]

    assert once == [encode_palette(palette, None) for palette in palettes]


SMALL = [
    (np.arange(24, dtype=np.uint8).reshape(8, 3), None),
    (random_palette(7, 4), None),
    (random_palette(9, 3), random_order(9)),
    (np.repeat(np.arange(40, dtype=np.uint8)[:, np.newaxis], 2, axis=1), random_order(40)),
    (np.array([[0], [255]], np.uint8), None),
]


@pytest.mark.parametrize(("palette", "order"), SMALL)
@pytest.mark.parametrize("may_have_order", [False, True])
def test_changed_payloads_are_palettes_or_errors(palette, order, may_have_order):
    """Every truncation, change of a byte and appended byte is a FormatError or a palette."""
    payload = encode_palette(palette, order)
    changed = [payload[:length] for length in range(len(payload))]
    changed += [payload + bytes([value]) for value in range(256)]
    for position in range(len(payload)):
        start, end = payload[:position], payload[position + 1 :]
        changed += [start + bytes([v]) + end for v in range(256) if v != payload[position]]
    for data in changed:
        with suppress(FormatError):
            entries, numbers = decode(data, *palette.shape, may_have_order)
            assert entries.shape == palette.shape
            assert numbers is None or sorted(numbers) == list(range(len(palette)))
            assert may_have_order or numbers is None


@settings(max_examples=150)
@given(st.binary(max_size=60), st.sampled_from(COUNTS[:6]), st.integers(1, 4), st.booleans())
def test_any_bytes_are_a_palette_or_an_error(payload, count, channels, may_have_order):
    """Whatever the bytes, nothing but a FormatError is raised."""
    with suppress(FormatError):
        palette, order = decode(payload, count, channels, may_have_order)
        assert palette.shape == (count, channels)
        assert order is None or sorted(order) == list(range(count))


def test_zeros_at_the_end_are_refused():
    """A payload does not end with zeros that could be left out."""
    payload = encode_palette(random_palette(30, 3), None)
    for extra in (1, 8, 64):
        with pytest.raises(FormatError, match="no palette has this payload"):
            decode(payload + bytes(extra), 30, 3)


def test_a_fault_is_told_with_its_place():
    """The error names the field and the offset that the caller gives."""
    with pytest.raises(FormatError) as caught:
        decode_palette(bytes(90), 3, 3, may_have_order=True, offset=77)

    assert (caught.value.field, caught.value.offset) == ("palette_payload", 77)


@pytest.mark.parametrize("count", COUNTS)
def test_invert_undoes_an_order(count):
    """The code of each palette index is where the order has it."""
    order = np.random.default_rng(1).permutation(count).astype(np.uint16)

    assert (order[invert_order(order)] == np.arange(count)).all()
    assert invert_order(order).dtype == (np.uint8 if count <= 256 else np.uint16)
