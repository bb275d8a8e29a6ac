"""Modelled coding: what is decoded is what was coded, and a payload is never longer than packed."""

import lzma
from hashlib import sha256

import numpy as np
import pytest
from helpers import KINDS, plane
from hypothesis import given, settings
from hypothesis import strategies as st

from kmcodec import FormatError, modelled
from kmcodec._kernels import modelling
from kmcodec.format import MODEL_BORDER, index_dtype
from kmcodec.modelled import decode_indices, encode_indices
from kmcodec.packed import pack_indices

COLOR_COUNTS = [2, 3, 5, 16, 17, 64, 200, 256, 257, 4096, 65536]
both_models = pytest.mark.parametrize("graphics", [False, True], ids=["photo", "graphics"])

shapes = st.one_of(
    st.just((1, 1)),
    st.tuples(st.just(1), st.integers(2, 300)),
    st.tuples(st.integers(2, 300), st.just(1)),
    st.tuples(st.integers(1, 30), st.integers(1, 30)),
)
planes = st.builds(
    lambda kind, shape, colors, seed: (plane(kind, shape, colors, seed), colors),
    st.sampled_from(KINDS),
    shapes,
    st.sampled_from(COLOR_COUNTS),
    st.integers(0, 99),
)


def bordered(indices):
    """Indices with the border that the kernels need."""
    rows = modelled._plane(*indices.shape)
    rows[3:, MODEL_BORDER:-MODEL_BORDER] = indices
    return rows


def encode_with(graphics, indices, colors):
    """A band coded with a model that the caller chooses, however long."""
    room = 4 * indices.size + 64
    return modelled._encode_plane(bordered(indices), colors, room, graphics=graphics)


def decode(payload, colors, shape):
    """The indices of a band."""
    out = np.ones(shape, index_dtype(colors))
    decode_indices(payload, colors, out)
    return out


def names_graphics(payload):
    """Whether a payload's first decision, of probability 1/2, is for the model of graphics."""
    return payload[:1] < b"\x80"


def packed_size(indices, colors):
    """Bytes of the same rows packed."""
    return len(pack_indices(np.ascontiguousarray(indices), colors))


def tile_map(tiles=24, colors=32, side=512):
    """A map of random tiles of 16 x 16 pixels, as in old games."""
    rng = np.random.default_rng(24)
    marks = rng.integers(0, colors, (tiles, 16, 16)).astype(np.uint8)
    places = rng.integers(0, tiles, (side // 16, side // 16))
    return marks[places].swapaxes(1, 2).reshape(side, side)


@settings(max_examples=300)
@given(planes)
def test_what_is_coded_is_decoded(case):
    """Indices of any kind come back, unless the encoder says that packed is shorter."""
    indices, colors = case
    payload = encode_indices(indices, colors)

    if payload is not None:
        assert (decode(payload, colors, indices.shape) == indices).all()


@both_models
@settings(max_examples=300)
@given(planes)
def test_each_model_codes_every_plane(graphics, case):
    """Both models are exact on any plane, also on those that they do not suit."""
    indices, colors = case
    payload = encode_with(graphics, indices, colors)

    assert graphics == names_graphics(payload)
    assert (decode(payload, colors, indices.shape) == indices).all()


@both_models
@pytest.mark.parametrize("colors", COLOR_COUNTS)
@pytest.mark.parametrize("kind", KINDS)
def test_larger_planes_of_every_kind(kind, colors, graphics):
    """Planes large enough for the models to learn come back, the greatest index included."""
    indices = plane(kind, (70, 90), colors)
    indices[-1, -1] = colors - 1
    payload = encode_with(graphics, indices, colors)

    assert (decode(payload, colors, indices.shape) == indices).all()


@pytest.mark.parametrize("colors", [65, 128, 256])
@pytest.mark.parametrize("rows", [511, 512])
@pytest.mark.parametrize("kind", ["dithered", "gradient"])
def test_planes_of_7_and_8_bits_from_a_quarter_megapixel(kind, rows, colors):
    """At 2^18 pixels the photo model of 7 and 8 bits is another one; it is exact on both sides."""
    indices = plane(kind, (rows, 512), colors)
    payload = encode_with(False, indices, colors)

    assert len(payload) < packed_size(indices, colors)
    assert (decode(payload, colors, indices.shape) == indices).all()


def test_one_color_has_no_payload():
    """Where there is nothing to tell, nothing is told."""
    assert encode_indices(np.zeros((5, 7), np.uint8), 1) == b""
    assert not decode(b"", 1, (5, 7)).any()


@settings(max_examples=300)
@given(planes)
def test_a_payload_is_never_longer_than_packed(case):
    """What packing would make shorter is left to it."""
    indices, colors = case
    payload = encode_indices(indices, colors)

    assert payload is None or len(payload) <= packed_size(indices, colors)


@pytest.mark.parametrize("colors", [2, 16, 256, 65536])
@pytest.mark.parametrize("side", [16, 64, 304])
def test_noise_is_left_to_packing(colors, side):
    """Nothing makes noise shorter, at sizes with and without a trial."""
    assert encode_indices(plane("noise", (side, side), colors), colors) is None


@pytest.mark.parametrize("room", range(12))
def test_room_that_does_not_suffice_is_told(room):
    """An encoder without room writes nothing beyond it and says so."""
    indices = plane("gradient", (9, 9), 16)
    payload = np.full(40, 0xAA, np.uint8)
    space = modelled._space(81, 9, 16)
    length = modelling.encode_plane(bordered(indices), 16, False, *space, payload[:room])

    assert length == -1
    assert (payload[room:] == 0xAA).all()


def test_the_same_plane_has_the_same_payload():
    """Neither an encoder nor a decoder keeps anything from one band to the next."""
    cases = [(plane(kind, (40, 50), colors), colors) for kind in KINDS for colors in (5, 200, 300)]
    once = [encode_indices(*case) for case in cases]
    again = [encode_indices(*case) for case in reversed(cases)]

    assert once == again[::-1]


def test_views_of_a_plane_are_coded_as_copies():
    """Rows need not lie side by side, for the encoder or the decoder."""
    indices = plane("gradient", (40, 60), 200)
    view = indices[::2, 5:50]
    payload = encode_indices(view, 200)
    out = np.zeros((20, 90), np.uint8)
    decode_indices(payload, 200, out[:, ::2])

    assert payload == encode_indices(view.copy(), 200)
    assert (out[:, ::2] == view).all()
    assert not out[:, 1::2].any()


def mutations(payload):
    """Every change of one byte, every truncation, and every byte appended."""
    for position, byte in enumerate(payload):
        for value in set(range(256)) - {byte}:
            yield payload[:position] + bytes([value]) + payload[position + 1 :]
    yield from (payload[:length] for length in range(len(payload)))
    yield from (payload + bytes([value]) for value in range(256))


def stays_flat(indices, colors):
    """Whether a pixel is as its six nearest neighbors, which are all equal."""
    rows = bordered(indices)
    modelled._encode_plane(rows, colors, 4 * indices.size + 64, graphics=True)  # fills the border
    here = rows[3:, MODEL_BORDER:-MODEL_BORDER]
    flat = np.ones(here.shape, bool)
    for up, right in [(0, -1), (0, -2), (1, 0), (1, -1), (1, 1), (2, 0)]:
        flat &= here == np.roll(rows, (up, -right), (0, 1))[3:, MODEL_BORDER:-MODEL_BORDER]
    return flat.any()


@both_models
@pytest.mark.parametrize("colors", [2, 5, 16, 300])
@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (4, 5)])
def test_a_changed_payload_is_refused_or_has_its_own_indices(shape, colors, graphics):
    """A decoder accepts nothing but what the encoder makes of the indices that come out.

    One thing can be told in two ways: in the model of graphics, that a pixel of a flat area is as
    all around it. It may be said to differ, and then have the same index.
    """
    accepted = 0
    for kind in KINDS:
        payload = encode_with(graphics, plane(kind, shape, colors), colors)
        for changed in mutations(payload):
            try:
                indices = decode(changed, colors, shape)
            except FormatError:
                continue
            assert indices.max() < colors
            graphics_again = names_graphics(changed)
            if graphics_again and stays_flat(indices, colors):
                continue
            assert encode_with(graphics_again, indices, colors) == changed
            accepted += 1

    assert accepted


@pytest.mark.parametrize("colors", [2, 17, 256, 4096])
@pytest.mark.parametrize("first", [50, 200], ids=["graphics", "photo"])
def test_a_short_payload_of_noise_for_many_pixels_ends_early(first, colors):
    """A decoder stops soon after the bytes end: most rows are never reached."""
    noise = bytes([first]) + np.random.default_rng(0).bytes(99)
    rows = modelled._plane(1000, 1000)
    space = modelled._space(1_000_000, 1000, colors)

    assert not modelling.decode_plane(noise, colors, *space, rows)
    assert rows[3:13].any()
    assert not rows[100:].any()


@pytest.mark.parametrize("first", [50, 200], ids=["graphics", "photo"])
def test_a_short_payload_of_noise_for_a_wide_row_ends_early(first):
    """A row may be a whole picture: a decoder does not wait for its end either."""
    noise = bytes([first]) + np.random.default_rng(0).bytes(99)
    row = modelled._plane(1, 300_000)
    space = modelled._space(300_000, 300_000, 256)

    assert not modelling.decode_plane(noise, 256, *space, row)
    assert row[3, :10_000].any()
    assert not row[3, 200_000:-MODEL_BORDER].any()


@pytest.mark.parametrize("payload", [b"", bytes(100), b"\xff" * 100])
@pytest.mark.parametrize("colors", [16, 256, 4096])
def test_uniform_bytes_for_many_pixels_are_refused(payload, colors):
    """Bytes that are predicted well last longer, but not for ever."""
    with pytest.raises(FormatError, match="no indices have this payload"):
        decode(payload, colors, (1200, 1000))


def test_a_fault_is_told_with_its_place():
    """The error names the field and the offset that the caller gives."""
    with pytest.raises(FormatError) as caught:
        decode_indices(bytes(50), 16, np.empty((3, 3), np.uint8), 1234)

    assert (caught.value.field, caught.value.offset) == ("payload", 1234)


def test_zeros_at_the_end_are_refused():
    """A payload does not end with zeros that could be left out."""
    payload = encode_indices(plane("gradient", (20, 20), 16), 16)

    for extra in (1, 2, 7, 64):
        with pytest.raises(FormatError):
            decode(payload + bytes(extra), 16, (20, 20))


def test_a_tile_map_is_shorter_than_general_compression_makes_it():
    """Tiles that recur anywhere above are found."""
    indices = tile_map()
    payload = encode_indices(indices, 32)

    assert names_graphics(payload)
    assert len(payload) < 0.8 * len(lzma.compress(indices.tobytes(), preset=9))
    assert (decode(payload, 32, indices.shape) == indices).all()


@pytest.mark.parametrize("colors", [2, 200, 4096])
def test_a_flat_megapixel_is_next_to_nothing(colors):
    """A picture of one color in a palette of many is below 100 bytes."""
    indices = np.full((1000, 1000), colors - 1, index_dtype(colors))
    payload = encode_indices(indices, colors)

    assert len(payload) < 100
    assert (decode(payload, colors, indices.shape) == indices).all()


@pytest.mark.parametrize(
    ("kind", "graphics", "share"),
    [("gradient", True, 0.15), ("tiled", True, 0.2), ("dithered", False, 0.5)],
)
def test_the_model_that_suits_is_chosen(kind, graphics, share):
    """Of both models the shorter is taken, which is far shorter than packed."""
    indices = plane(kind, (80, 100), 64)
    payload = encode_indices(indices, 64)

    assert graphics == names_graphics(payload)
    assert len(payload) == min(len(encode_with(g, indices, 64)) for g in (False, True))
    assert len(payload) < share * packed_size(indices, 64)


def surface(shape, colors):
    """Indices made of integers alone, the same everywhere."""
    y, x = np.indices(shape)
    indices = x * x // 50 + 3 * y + x * y // 90 + (x ^ y) % 3 + (x * 7919 + y * 104729) % 5 // 4
    return (indices % colors).astype(index_dtype(colors))


@pytest.mark.parametrize(
    ("shape", "colors", "graphics", "digest"),
    [
        ((60, 80), 2, False, "f917fe8156644dc6"),
        ((60, 80), 16, False, "4a5a14792a17d915"),
        ((60, 80), 200, False, "93b1d4f96ec08a25"),
        ((60, 80), 5000, False, "96c74961b63a9bea"),
        ((512, 512), 200, False, "3b8e517e502e59a5"),
        ((60, 80), 2, True, "ea4e3a4492a0a4e9"),
        ((60, 80), 16, True, "632f0e1a4e47e33b"),
        ((60, 80), 200, True, "3a369f37995d6d9b"),
        ((60, 80), 5000, True, "1cb3581740da8ee0"),
    ],
)
def test_payloads_are_fixed(shape, colors, graphics, digest):
    """Every machine and every form of the arithmetic makes these bytes.

    A build with the plain form of it (the C macro KMC_PLAIN) must pass this as any other. Digests
    change only with the format.
    """
    payload = encode_with(graphics, surface(shape, colors), colors)

    assert sha256(payload).hexdigest()[:16] == digest
