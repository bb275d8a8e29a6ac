"""Bands of frames: each decodes to what was encoded, by every form of the arithmetic."""

import os
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from helpers import KINDS, plane
from hypothesis import given, settings
from hypothesis import strategies as st

from kmcodec import FormatError
from kmcodec.coding import modelled, packed
from kmcodec.coding.modelled import Model
from kmcodec.format import index_dtype

CHANGES = ("nothing", "pixel", "box", "rows", "scroll", "all")

colors = st.sampled_from([2, 3, 4, 5, 16, 17, 64, 200, 255, 256, 257, 300, 65536])
sides = st.sampled_from([1, 2, 8, 9, 15, 16, 17, 31, 32, 33, 40])
frames = st.tuples(st.sampled_from(CHANGES), st.sampled_from([False, False, True]))
scenes = st.builds(
    lambda *case: (scene(*case), case[2], [True, *(is_key for _, is_key in case[3])]),
    st.sampled_from(KINDS),
    st.tuples(sides, sides),
    colors,
    st.lists(frames, min_size=1, max_size=5),
    st.integers(0, 99),
)


def scene(kind, shape, color_count, changes, seed=0):
    """Make indices of frames: one of ``helpers.KINDS``, then as each of ``CHANGES`` has it."""
    rng = np.random.default_rng(seed)
    made = [plane(kind, shape, color_count, seed)]
    for number, (change, _) in enumerate(changes):
        frame = made[-1].copy()
        top, left = rng.integers(0, shape)
        bottom, right = rng.integers((top + 1, left + 1), np.add(shape, 1))
        if change == "scroll":
            frame = np.roll(frame, rng.integers(-9, 10, 2), (0, 1))
        elif change != "nothing":
            place = {
                "pixel": np.s_[top, left],
                "box": np.s_[top:bottom, left:right],
                "rows": np.s_[top:bottom],
                "all": np.s_[:],
            }[change]
            frame[place] = plane(kind, shape, color_count, seed + number + 1)[place]
        made.append(frame)
    return made


def encode(coding, made, color_count, keys):
    """Return the payload of each frame."""
    band = coding.MovingBand(*made[0].shape, color_count)
    return [band.encode(frame, is_key) for frame, is_key in zip(made, keys, strict=True)]


class Decoding:
    """A band that is decoded frame by frame."""

    def __init__(self, coding, shape, color_count):
        self.band = coding.MovingBand(*shape, color_count)
        self.indices = np.zeros(shape, index_dtype(color_count))

    def step(self, payload, is_key):
        """Return the indices of the next frame."""
        self.band.decode(payload, is_key, self.indices)
        return self.indices


@pytest.mark.parametrize("coding", [modelled, packed], ids=["modelled", "packed"])
@settings(max_examples=150, deadline=None)
@given(scenes)
def test_what_is_coded_is_decoded(coding, case):
    """Frames of any kind and change come back, and what does not change has no bytes."""
    made, color_count, keys = case
    payloads = encode(coding, made, color_count, keys)
    decoding = Decoding(coding, made[0].shape, color_count)
    for number, (frame, payload, is_key) in enumerate(zip(made, payloads, keys, strict=True)):
        is_same = number > 0 and (frame == made[number - 1]).all()

        assert (decoding.step(payload, is_key) == frame).all()
        assert is_key or bool(payload) != is_same


@pytest.mark.parametrize("model", Model, ids=["photo", "graphics"])
@pytest.mark.parametrize("color_count", [2, 16, 17, 300])
@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (40, 1), (9, 16), (9, 17), (60, 70)])
def test_frames_behind_a_key_frame_of_each_model(shape, color_count, model, monkeypatch):
    """Whichever model the key frame has, what follows comes back, and again behind the next."""
    monkeypatch.setattr(modelled, "_choose", lambda *_: model)
    changes = [(change, False) for change in CHANGES[1:]] * 2
    changes[len(changes) // 2] = "box", True
    keys = [True, *(is_key for _, is_key in changes)]
    for kind in KINDS:
        made = scene(kind, shape, color_count, changes, 7)
        decoding = Decoding(modelled, shape, color_count)
        payloads = encode(modelled, made, color_count, keys)
        for frame, payload, is_key in zip(made, payloads, keys, strict=True):
            assert (decoding.step(payload, is_key) == frame).all()


def damaged(payload, rng):
    """Return a payload cut, longer, or with other bytes."""
    kind = rng.integers(3)
    if kind == 0:
        return payload[: rng.integers(len(payload) + 1)]
    if kind == 1:
        return payload + rng.bytes(int(rng.integers(1, 9)))
    changed = bytearray(payload or b"\0")
    for _ in range(rng.integers(1, 4)):
        changed[rng.integers(len(changed))] = rng.integers(256)
    return bytes(changed)


@settings(max_examples=150, deadline=None)
@given(scenes, st.integers(0, 2**32))
def test_damaged_frames_are_refused_or_have_indices_of_their_own(case, seed):
    """Whatever the bytes, nothing comes of them but a FormatError, or indices that there are."""
    made, color_count, keys = case
    rng = np.random.default_rng(seed)
    payloads = encode(modelled, made, color_count, keys)
    decoding = Decoding(modelled, made[0].shape, color_count)
    is_held = True
    for payload, is_key in zip(payloads, keys, strict=True):
        if not is_key and not is_held:
            continue
        payload = damaged(payload, rng) if rng.integers(2) else payload
        try:
            is_held = bool(decoding.step(payload, is_key).max() < color_count)
            assert is_held
        except FormatError:
            is_held = False


@pytest.mark.parametrize("color_count", [2, 17, 65536])
def test_every_truncation_of_a_frame_is_refused_or_decoded_as_it_is(color_count):
    """A payload of a frame that is cut is no frame, or not the one that it was."""
    made = scene("dithered", (12, 33), color_count, [("box", False), ("scroll", False)], 3)
    payloads = encode(modelled, made, color_count, [True, False, False])
    for length in range(len(payloads[2])):
        decoding = Decoding(modelled, (12, 33), color_count)
        for payload, is_key in zip(payloads[:2], (True, False), strict=True):
            decoding.step(payload, is_key)
        try:
            cut = decoding.step(payloads[2][:length], False)
        except FormatError:
            continue
        assert (cut != made[2]).any()


def test_a_cut_payload_for_many_pixels_ends_early():
    """A decoder stops soon after the bytes end: most rows are not even looked at."""
    made = scene("noise", (1000, 300), 16, [("all", False)])
    payloads = encode(modelled, made, 16, [True, False])
    decoding = Decoding(modelled, (1000, 300), 16)
    before = decoding.step(payloads[0], True).copy()
    with pytest.raises(FormatError):
        decoding.step(payloads[1][:100], False)

    assert (decoding.indices == before).all()


def test_an_empty_payload_changes_nothing_of_what_follows():
    """Frames without a change in between leave the bytes of the next as they are."""
    made = scene("tiled", (20, 40), 9, [("box", False), ("scroll", False)], 5)
    keys = [True, False, False]
    between = [frame for frame in made for _ in range(3)]
    payloads = encode(modelled, between, 9, [n == 0 for n in range(9)])

    assert payloads[::3] == encode(modelled, made, 9, keys)
    assert not any(payloads[1::3] + payloads[2::3])
    decoding = Decoding(modelled, (20, 40), 9)
    for number, payload in enumerate(payloads):
        assert (decoding.step(payload, number == 0) == between[number]).all()


def surfaces(shape, color_count):
    """Make frames of integers alone, the same everywhere: still, moved, in part and anew."""
    y, x = np.indices(shape)
    slope = x * x // 50 + 3 * y + x * y // 90 + (x * 7919 + y * 104729) % 5 // 4
    boxes = [(x // 9 + y // 5) * 7, slope]
    moved = [np.roll(boxes[0], (step, 2 * step), (0, 1)) for step in range(4)]
    part = np.where((x > 20) & (y > 30), slope, moved[-1])
    made = [*moved, part, np.roll(part, 1, 1), slope, slope, boxes[0]]
    return [(frame % color_count).astype(index_dtype(color_count)) for frame in made]


DIGESTS = {
    2: "db0ebc784da63751",
    16: "8e6cf87e4847ef3f",
    200: "4bd0b9ba3fddfa7c",
    5000: "361a71ce8383bf61",
}


def digest_of(color_count):
    """Return the start of the SHA-256 of the payloads of frames, which decode to these."""
    made = surfaces((60, 80), color_count)
    keys = [number in (0, 6) for number in range(len(made))]
    payloads = encode(modelled, made, color_count, keys)
    decoding = Decoding(modelled, made[0].shape, color_count)
    for frame, payload, is_key in zip(made, payloads, keys, strict=True):
        assert (decoding.step(payload, is_key) == frame).all()
    return sha256(b"".join(payloads)).hexdigest()[:16]


@pytest.mark.parametrize("color_count", DIGESTS)
def test_payloads_are_fixed(color_count):
    """Every machine and every form of the arithmetic makes these bytes, and reads them.

    A build with the plain form of it (the C macro KMQ_PLAIN) must pass this as any other. Digests
    change only with the format.
    """
    assert digest_of(color_count) == DIGESTS[color_count]


def test_payloads_do_not_depend_on_the_processor():
    """Without AVX2 the bytes are the same."""
    code = "import test_moving_bands as t; print(*map(t.digest_of, t.DIGESTS))"
    printed = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"KMQ_NO_AVX2": "1"},
        cwd=Path(__file__).parent,
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    ).stdout

    assert printed.split() == list(DIGESTS.values())
