"""Modelled coding: what is decoded is what was coded, and a payload is never longer than packed."""

import lzma
from hashlib import sha256

import numpy as np
import pytest
from helpers import KINDS, plane
from hypothesis import given, settings
from hypothesis import strategies as st

from kmcodec import FormatError
from kmcodec.coding import modelled, packed
from kmcodec.coding.modelled import SMALL_PIXELS, Model, decode_indices, encode_indices
from kmcodec.format import index_dtype
from kmcodec.libkmq import binding

COLOR_COUNTS = [2, 3, 5, 16, 17, 64, 200, 256, 257, 4096, 65536]
both_models = pytest.mark.parametrize("model", Model, ids=["photo", "graphics"])

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


def encode_with(model, indices, colors):
    """Make a band coded with a model that the caller chooses, however long."""
    return modelled._encode_band(indices, colors, model, 4 * indices.size + 64)


def decode(payload, colors, shape):
    """Return the indices of a band."""
    out = np.ones(shape, index_dtype(colors))
    decode_indices(payload, colors, out)
    return out


def named_model(payload):
    """Read a payload's first decision, of probability 1/2."""
    return Model.GRAPHICS if payload[:1] < b"\x80" else Model.PHOTO


def packed_size(indices, colors):
    """Bytes of the same rows packed."""
    return len(packed.encode_indices(np.ascontiguousarray(indices), colors))


def tile_map(tiles=24, colors=32, side=512):
    """Draw a map of random tiles of 16 x 16 pixels, as in old games."""
    rng = np.random.default_rng(24)
    marks = rng.integers(0, colors, (tiles, 16, 16)).astype(np.uint8)
    places = rng.integers(0, tiles, (side // 16, side // 16))
    return marks[places].swapaxes(1, 2).reshape(side, side)


@settings(max_examples=150)
@given(planes)
def test_what_is_coded_is_decoded(case):
    """Indices of any kind come back, of no more bytes than packed; else the encoder gives none."""
    indices, colors = case
    payload = encode_indices(indices, colors)

    if payload is not None:
        assert len(payload) <= packed_size(indices, colors)
        assert (decode(payload, colors, indices.shape) == indices).all()


@both_models
@settings(max_examples=100)
@given(planes)
def test_each_model_codes_every_plane(model, case):
    """Both models are exact on any plane, also on those that they do not suit."""
    indices, colors = case
    payload = encode_with(model, indices, colors)

    assert model == named_model(payload)
    assert (decode(payload, colors, indices.shape) == indices).all()


@both_models
@pytest.mark.parametrize("colors", COLOR_COUNTS)
@pytest.mark.parametrize("kind", KINDS)
def test_larger_planes_of_every_kind(kind, colors, model):
    """Planes large enough for the models to learn come back, the greatest index included."""
    indices = plane(kind, (70, 90), colors)
    indices[-1, -1] = colors - 1
    payload = encode_with(model, indices, colors)

    assert (decode(payload, colors, indices.shape) == indices).all()


@pytest.mark.parametrize("colors", [65, 128, 256])
@pytest.mark.parametrize("rows", [63, 64])
@pytest.mark.parametrize("kind", ["dithered", "gradient"])
def test_planes_of_7_and_8_bits_around_4096_pixels(kind, rows, colors):
    """At 4096 pixels the contexts of photo of 7 and 8 bits change; it is exact on both sides."""
    indices = plane(kind, (rows, 64), colors)
    payload = encode_with(Model.PHOTO, indices, colors)

    assert (decode(payload, colors, indices.shape) == indices).all()


def test_one_color_has_no_payload():
    """Where there is nothing to tell, nothing is told."""
    assert encode_indices(np.zeros((5, 7), np.uint8), 1) == b""
    assert not decode(b"", 1, (5, 7)).any()


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
    memory = modelled._memory(indices, 16)
    length = binding.encode_band(indices, 16, Model.PHOTO, memory, payload[:room])

    assert length < 0
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


@both_models
@pytest.mark.parametrize("colors", [2, 5, 16, 300])
@pytest.mark.parametrize(
    "shape", [(1, 1), (2, 3), *(pytest.param(s, marks=pytest.mark.slow) for s in [(1, 9), (4, 5)])]
)
def test_a_changed_payload_is_refused_or_has_its_own_indices(shape, colors, model):
    """A decoder accepts nothing but what the encoder makes of the indices that come out.

    In the model of graphics some things can be told in two ways: a row may be said not to repeat
    another, and then be the same pixel by pixel. There, what is accepted need only be indices.
    """
    accepted = 0
    for kind in KINDS:
        payload = encode_with(model, plane(kind, shape, colors), colors)
        for changed in mutations(payload):
            try:
                indices = decode(changed, colors, shape)
            except FormatError:
                continue
            assert indices.max() < colors
            if named_model(changed) == Model.PHOTO:
                assert encode_with(Model.PHOTO, indices, colors) == changed
            accepted += 1

    assert accepted


@both_models
@pytest.mark.parametrize("colors", [2, 17, 256, 4096])
@pytest.mark.parametrize(("rows", "width"), [(1000, 1000), (1, 300_000)])
def test_a_cut_payload_for_many_pixels_ends_early(rows, width, colors, model):
    """A decoder stops soon after the bytes end: most pixels are never reached."""
    cut = encode_with(model, plane("noise", (20, 500), colors), colors)[:100]
    indices = np.zeros((rows, width), index_dtype(colors))
    memory = modelled._memory(indices, colors)
    cells = memory[: 2 * (rows + 3) * (width + 16)].view(np.uint16)

    assert binding.decode_band(cut, colors, memory, indices) < 0
    assert cells.any()
    assert not cells[len(cells) // 10 * 9 : -8].any()


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

    assert named_model(payload) == Model.GRAPHICS
    assert len(payload) < 0.8 * len(lzma.compress(indices.tobytes(), preset=9))
    assert (decode(payload, 32, indices.shape) == indices).all()


@pytest.mark.parametrize("colors", [2, 200, 4096])
def test_a_flat_megapixel_is_next_to_nothing(colors):
    """A picture of one color in a palette of many is below 100 bytes."""
    indices = np.full((1000, 1000), colors - 1, index_dtype(colors))
    payload = encode_indices(indices, colors)

    assert len(payload) < 100
    assert (decode(payload, colors, indices.shape) == indices).all()


def test_photo_is_chosen_where_it_is_not_much_longer():
    """With slack, photo codes noise around slow changes, where it decodes many times as fast."""
    y, x = np.indices((300, 300))
    noise = np.random.default_rng(1).normal(0, 2, (300, 300))
    indices = ((np.sin(x / 40) + np.cos(y / 30)) * 6 + 16 + noise).clip(0, 31).astype(np.uint8)
    smallest, faster = encode_indices(indices, 32), encode_indices(indices, 32, 0.05)

    assert named_model(faster) == Model.PHOTO
    assert len(smallest) <= len(faster) < 0.8 * packed_size(indices, 32)


@pytest.mark.parametrize(
    ("kind", "model", "share"),
    [
        ("gradient", Model.GRAPHICS, 0.15),
        ("tiled", Model.GRAPHICS, 0.2),
        ("dithered", Model.GRAPHICS, 0.5),
    ],
)
def test_the_model_that_suits_is_chosen(kind, model, share):
    """Of both models the shorter is taken, which is far shorter than packed."""
    indices = plane(kind, (80, 100), 64)
    payload = encode_indices(indices, 64)

    assert model == named_model(payload)
    assert len(payload) == min(len(encode_with(each, indices, 64)) for each in Model)
    assert len(payload) < share * packed_size(indices, 64)


def surface(shape, colors):
    """Make indices made of integers alone, the same everywhere."""
    y, x = np.indices(shape)
    indices = x * x // 50 + 3 * y + x * y // 90 + (x ^ y) % 3 + (x * 7919 + y * 104729) % 5 // 4
    return (indices % colors).astype(index_dtype(colors))


@pytest.mark.parametrize(
    ("shape", "colors", "model", "digest"),
    [
        ((60, 80), 2, Model.PHOTO, "84498d7115fdc643"),
        ((60, 80), 16, Model.PHOTO, "31fb7b1c1b2bfa54"),
        ((60, 80), 200, Model.PHOTO, "57557807dd5ff398"),
        ((60, 80), 5000, Model.PHOTO, "a4c7d4f2b584b0da"),
        ((512, 512), 200, Model.PHOTO, "b164d707002d7428"),
        ((60, 80), 2, Model.GRAPHICS, "cbbad0be3fa65872"),
        ((60, 80), 16, Model.GRAPHICS, "a70c1e3a70aa2e31"),
        ((60, 80), 200, Model.GRAPHICS, "4d21aa30184f37f7"),
        ((60, 80), 5000, Model.GRAPHICS, "d4162c0d43e6d11e"),
    ],
)
def test_payloads_are_fixed(shape, colors, model, digest):
    """Every machine and every form of the arithmetic makes these bytes.

    A build with the plain form of it (the C macro KMQ_PLAIN) must pass this as any other. Digests
    change only with the format.
    """
    payload = encode_with(model, surface(shape, colors), colors)

    assert sha256(payload).hexdigest()[:16] == digest


@pytest.mark.parametrize("kind", ["gradient", "dithered"])
def test_slack_is_a_bound_on_bytes(kind):
    """With slack a payload is at most about that much longer, and is so for photo only."""
    indices = plane(kind, (300, 300), 64)
    least = encode_indices(indices, 64)

    for slack in (0.01, 0.5, 1.0):
        payload = encode_indices(indices, 64, slack)
        assert len(payload) <= len(least) * (1.05 + slack)
        assert payload == least or named_model(payload) == Model.PHOTO


def test_small_and_flat_bands_have_no_slack():
    """Where decoding takes no time the shorter payload is taken."""
    small = plane("dithered", (100, 100), 64)
    flat = np.kron(plane("noise", (30, 30), 64), np.ones((10, 10), np.uint8))

    assert flat.size > SMALL_PIXELS >= small.size
    for indices in (small, flat):
        assert encode_indices(indices, 64, 1.0) == encode_indices(indices, 64)


def test_a_period_of_rows_is_found():
    """Rows that repeat after some others cost next to nothing, whatever is in them."""
    rows = np.random.default_rng(5).integers(0, 64, (12, 500)).astype(np.uint8)
    once, often = (encode_indices(np.tile(rows, (n, 1)), 64) for n in (2, 30))

    assert len(often) < len(once) + 60
