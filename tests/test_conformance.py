"""Every vector of spec/vectors, through the package and through the reference decoder."""

import hashlib
import io
import json
import runpy
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

import kmcodec
from kmcodec.animation import Animation
from kmcodec.coding import modelled, sections
from kmcodec.coding.container import find_frames, open_head
from kmcodec.coding.frames import FrameDecoder
from kmcodec.coding.modelled import Model
from kmcodec.format import Flags, Indices, Mode, index_dtype

ROOT = Path(__file__).parent.parent
VECTORS = ROOT / "spec" / "vectors"
TOOL = ROOT / "tools" / "kmq-vectors"
VALID = sorted((VECTORS / "valid").glob("*.kmq"))
ALTERNATIVE = sorted((VECTORS / "alternative").glob("*.kmq"))
INVALID = sorted((VECTORS / "invalid").glob("*.kmq"))
LARGE_PIXELS = 250
reference = SimpleNamespace(**runpy.run_path(str(ROOT / "spec" / "reference_decoder.py")))
recipes = SimpleNamespace(**runpy.run_path(str(TOOL)))


def with_slow_ones(paths: list[Path]) -> list[Any]:
    """Vectors as parameters; the reference decoder takes seconds for the large ones."""
    return [
        pytest.param(path, marks=[pytest.mark.slow] if work_of(path) > LARGE_PIXELS else [])
        for path in paths
    ]


def work_of(path: Path) -> float:
    """Return the pixels that the header of a vector promises; an entry takes a 300th of one."""
    width, height, last_entry = struct.unpack_from("<IIH", path.read_bytes(), 8)
    return float(width * height + last_entry / 300)


def is_animation(data: bytes) -> bool:
    """Whether the header says that frames follow."""
    return len(data) > 7 and data[7] & Flags.FRAMES == Flags.FRAMES


ANIMATIONS = [path for path in VALID if is_animation(path.read_bytes())]
valid_animations = pytest.mark.parametrize("path", ANIMATIONS, ids=lambda path: path.stem)
valid_vectors = pytest.mark.parametrize("path", with_slow_ones(VALID), ids=lambda path: path.stem)
alternative_vectors = pytest.mark.parametrize("path", ALTERNATIVE, ids=lambda path: path.stem)
invalid_vectors = pytest.mark.parametrize("path", INVALID, ids=lambda path: path.stem)


@cache
def referenced(path: Path) -> Any:
    """Return what the reference decoder makes of a file."""
    return reference.decode(path.read_bytes())


@cache
def expected_picture(name: str) -> SimpleNamespace:
    """Return the committed result of a valid vector, with pixels as RGB or RGBA too."""
    path = VECTORS / "valid" / f"{name}.json"
    picture = SimpleNamespace(**json.loads(path.read_text()))
    if hasattr(picture, "frames"):
        picture.indices, picture.pixels = picture.frames[0].values()
    if hasattr(picture, "formula"):
        add_rows(picture, referenced(path.with_suffix(".kmq")).palette)
    rows = [np.frombuffer(bytes.fromhex(row), np.uint8) for row in picture.pixels]
    samples = np.array(rows).reshape(picture.height, picture.width, -1)
    picture.colors = as_colors(samples)
    return picture


def add_rows(picture: SimpleNamespace, palette: Any) -> None:
    """Add the rows of a picture that is committed as a formula, and as digests."""
    formula = compile(picture.formula, "formula", "eval")
    rows = [
        [eval(formula, {"x": x, "y": y}) for x in range(picture.width)]
        for y in range(picture.height)
    ]
    pixels = np.array(palette, np.uint8)[rows]
    assert picture.indices_sha256 == hashlib.sha256(np.array(rows, "<u2").tobytes()).hexdigest()
    assert picture.pixels_sha256 == hashlib.sha256(pixels.tobytes()).hexdigest()
    picture.indices = rows
    picture.pixels = [row.tobytes().hex() for row in pixels]


def as_colors(samples: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Gray samples, with or without alpha, as RGB or RGBA (spec 9.1)."""
    gray = {1: [0, 0, 0], 2: [0, 0, 0, 1]}
    return samples[..., gray.get(samples.shape[-1], slice(None))]


@valid_vectors
def test_valid_vector_is_decoded_exactly(path: Path) -> None:
    """Both decoders give the committed picture: palette, indices, pixels and metadata."""
    picture = expected_picture(path.stem)
    data = path.read_bytes()
    decoded = referenced(path)
    palette, indices = kmcodec.decode_indexed(data)
    info = kmcodec.info(data)
    entries = b"".join(map(bytes, decoded.palette))

    assert picture.mode == decoded.mode == info.header.mode.name
    assert (picture.width, picture.height) == (decoded.width, decoded.height)
    assert picture.color_count == len(decoded.palette) == len(palette)
    assert picture.palette_sha256 == hashlib.sha256(entries).hexdigest()
    assert picture.metadata == {name: data.hex() for name, data in decoded.metadata.items()}
    assert picture.metadata == {name: data.hex() for name, data in info.metadata.items()}
    assert picture.indices == decoded.indices == indices.tolist()
    assert picture.pixels == [row.hex() for row in decoded.pixels()]
    assert as_colors(np.array(decoded.palette)).tolist() == palette.tolist()
    assert picture.colors.tolist() == kmcodec.decode(data).tolist()


def frames_of(data: bytes) -> tuple[Animation, list[Any]]:
    """Return how frames are timed, and the palette indices of each."""
    with open_head(data, None) as (stream, head):
        decoder = FrameDecoder(stream, head, find_frames(stream, head))
        assert head.animation
        frames = []
        for number in range(head.animation.frame_count):
            decoder.seek(number)
            codes = decoder.codes
            frames.append((codes if head.order is None else head.order[codes]).tolist())
        return head.animation, frames


@valid_animations
def test_valid_animation_has_its_frames(path: Path) -> None:
    """Both decoders give the committed frames, and their timing."""
    picture = expected_picture(path.stem)
    data = path.read_bytes()
    decoded = referenced(path)
    animation, frames = frames_of(data)
    seconds = list(map(Fraction, picture.durations))
    unit = decoded.timing.ticks_per_second

    assert [frame["indices"] for frame in picture.frames] == decoded.frames == frames
    assert [frame["pixels"] for frame in picture.frames] == [
        [row.hex() for row in decoded.pixels(number)] for number in range(len(frames))
    ]
    assert seconds == [Fraction(ticks, unit) for ticks in decoded.timing.ticks]
    assert seconds == [animation.duration(number) / 1000 for number in range(len(frames))]
    assert picture.loop_count == decoded.timing.loop_count == animation.loop
    assert picture.key_interval == decoded.timing.key_interval == animation.key_interval
    assert len(kmcodec.info(data, check=True).frame_bytes) == len(frames)


@valid_vectors
def test_valid_vector_opens_in_its_source_mode(path: Path) -> None:
    """Pillow opens a valid vector in the mode that was saved, with the samples of spec 9.2."""
    picture = expected_picture(path.stem)
    decoded = referenced(path)
    rows = [np.frombuffer(row, np.uint8) for row in decoded.source_pixels()]

    with Image.open(path) as image:
        samples = np.asarray(image).astype(np.uint8) * (255 if image.mode == "1" else 1)

        assert Mode[picture.mode].pillow == image.mode
        assert (picture.width, picture.height) == image.size
        assert np.array(rows).ravel().tolist() == samples.ravel().tolist()

        channels = picture.colors.shape[-1]
        converted = np.asarray(image.convert("RGB" if channels == 3 else "RGBA"))
        assert picture.colors.tolist() == converted.tolist()


@pytest.mark.parametrize(
    "name",
    [
        "mode_p",
        "mode_p_alpha",
        "mode_pa",
        "mode_pa_equal_colors",
        "modelled_order",
        "modelled_order_256",
        "modelled_p_alpha",
        "modelled_pa",
        "modelled_pa_order",
    ],
)
def test_palette_opens_entry_by_entry(name: str) -> None:
    """A palette opens in its order, duplicate and unused entries included."""
    path = VECTORS / "valid" / f"{name}.kmq"
    decoded = referenced(path)
    colors = [entry[:3] for entry in decoded.palette]
    if decoded.mode == "PA":
        numbers = list(reference.palette_colors(decoded.palette))
        colors = [colors[numbers.index(number)] for number in range(max(numbers) + 1)]

    with Image.open(path) as image:
        palette = image.getpalette("RGB")

    assert palette is not None
    assert [sample for color in colors for sample in color] == palette[: 3 * len(colors)]


@alternative_vectors
def test_alternative_vector_has_the_pixels_of_its_valid_one(path: Path) -> None:
    """Another legal encoding gives the same pixels."""
    picture = expected_picture(path.stem.rpartition(".")[0])
    data = path.read_bytes()
    decoded = reference.decode(data)

    assert picture.mode == decoded.mode
    assert picture.pixels == [row.hex() for row in decoded.pixels()]
    assert picture.colors.tolist() == kmcodec.decode(data).tolist()
    if hasattr(picture, "frames"):
        animation, frames = frames_of(data)
        durations = [1000 * Fraction(duration) for duration in picture.durations]

        assert [frame["indices"] for frame in picture.frames] == decoded.frames == frames
        assert durations == [animation.duration(number) for number in range(len(frames))]


def check(data: bytes) -> None:
    """Verify all of a file."""
    kmcodec.info(data, check=True)


@invalid_vectors
def test_invalid_vector_is_rejected(path: Path) -> None:
    """An invalid vector raises the class that its recipe names, from every function.

    The reference decoder names the field as well. Users of Pillow get an error of its kind, from
    open or from load. Functions that give one picture do not see what is wrong with later frames.
    """
    expected = recipes.assemble(path.with_suffix(".txt").read_text()).expect
    data = path.read_bytes()
    with pytest.raises(reference.KmqError) as plain:
        reference.decode(data)
    assert expected == f"{type(plain.value).__name__} {plain.value.field}"

    functions = (check, kmcodec.decode, kmcodec.decode_indexed)
    for function in functions[:1] if is_animation(data) else functions:
        with pytest.raises(kmcodec.KmqError) as caught:
            function(data)
        assert expected.split()[0] == type(caught.value).__name__

    if not is_animation(data):
        with pytest.raises((OSError, Image.DecompressionBombError)):
            Image.open(io.BytesIO(data)).load()


def damaged(data: bytes) -> Iterator[bytes]:
    """Every truncation, every flipped bit, and a trailing byte."""
    yield from (data[:size] for size in range(len(data)))
    for bit in range(8 * len(data)):
        copy = bytearray(data)
        copy[bit // 8] ^= 1 << bit % 8
        yield bytes(copy)
    yield data + b"\x00"


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    [
        "one_pixel",
        "three_colors",
        "two_bands",
        "metadata_all",
        "three_colors_modelled",
        "modelled_bands",
        "modelled_empty",
        "modelled_forced_bits",
        "modelled_order",
        "frames",
        "frames_coded_palette",
        "frames_one_color",
        "frames_palette_mode",
    ],
)
def test_no_damage_is_accepted(name: str) -> None:
    """Every truncation, flipped bit and trailing byte is rejected by both decoders (spec 8.3)."""
    for data in damaged((VECTORS / "valid" / f"{name}.kmq").read_bytes()):
        with pytest.raises(kmcodec.KmqError):
            check(data)
        with pytest.raises(reference.KmqError):
            reference.decode(data)


def assemble(recipe: str) -> bytes:
    """Make a vector that is too large to be committed."""
    return bytes(recipes.assemble(f"# generated\nsection: 6\nhex 8b 4b 4d 51\n{recipe}").data)


@pytest.mark.parametrize("bits", range(13, 17))
@pytest.mark.parametrize("full", [False, True])
def test_wide_indices(bits: int, full: bool) -> None:
    """Indices of 13 to 16 bits, with the fewest and the most colors of that width."""
    color_count = 1 << bits if full else (1 << (bits - 1)) + 1
    indices = [0, color_count - 1, 1, color_count // 3, color_count - 2]
    row_bytes = -(-5 * bits // 8)
    data = assemble(
        f"hex 00 00 02 00\nu32 5\nu32 1\nu16 {color_count - 1}\nu16 0\n"
        f"count u16 {color_count}\nchecksum\n"
        f"u32 {row_bytes}\nbits {' '.join(f'{index:0{bits}b}' for index in indices)}\nchecksum"
    )

    assert [indices] == reference.decode(data).indices
    assert [indices] == kmcodec.decode_indexed(data)[1].tolist()


@pytest.mark.parametrize("bits", range(13, 17))
def test_wide_index_out_of_range(bits: int) -> None:
    """An index of 13 to 16 bits that no palette entry has."""
    color_count = (1 << bits) - 1
    row_bytes = -(-bits // 8)
    data = assemble(
        f"hex 00 00 02 00\nu32 1\nu32 1\nu16 {color_count - 1}\nu16 0\n"
        f"count u16 {color_count}\nchecksum\nu32 {row_bytes}\nbits {color_count:b}\nchecksum"
    )

    with pytest.raises(reference.FormatError):
        reference.decode(data)
    with pytest.raises(kmcodec.FormatError):
        kmcodec.decode(data)


def codes_of_a_ramp(rows: int, width: int, color_count: int, seed: int) -> Indices:
    """Make a dithered ramp from the first code to the last, with a mark that stands in it twice."""
    rng = np.random.default_rng(seed)
    y, x = np.indices((rows, width))
    ramp = (x + 2 * y) * (color_count - 1) / max(width + 2 * rows - 3, 1)
    codes = np.floor(ramp + rng.random((rows, width))).clip(0, color_count - 1)
    mark = codes[: rows // 3, : width // 3].copy()
    codes[rows - len(mark) :, width - mark.shape[1] :] = mark
    return codes.astype(index_dtype(color_count))


def encode(codes: Indices, color_count: int, model: Model) -> bytes:
    """Return the payload of a band in one model, however long."""
    payload = modelled._encode_band(codes, color_count, model, 4 * codes.size + 64)
    assert payload is not None
    return payload


def answer(decode: Callable[[], Any], error: type[Exception]) -> Any:
    """Return what a decoder gives; None if it refuses."""
    try:
        return decode()
    except error:
        return None


def modelled_answers(payload: bytes, rows: int, width: int, color_count: int) -> list[Any]:
    """Return the codes that the reference decoder and the package find in a payload."""
    out: Indices = np.empty((rows, width), index_dtype(color_count))

    def package() -> list[list[int]]:
        modelled.decode_indices(payload, color_count, out)
        return out.tolist()

    def plain() -> list[list[int]]:
        return reference.decode_modelled(payload, rows, width, color_count).all_rows()

    return [answer(plain, reference.FormatError), answer(package, kmcodec.FormatError)]


def palette_answers(payload: bytes, color_count: int, channels: int) -> list[Any]:
    """Return the entries and the order that both decoders find in a palette payload."""
    order_of_all = list(range(color_count))

    def package() -> tuple[Any, Any]:
        palette, order = sections.decode_palette(
            payload, color_count, channels, may_have_order=True
        )
        return palette.tolist(), None if order is None else order.tolist()

    def plain() -> tuple[Any, Any]:
        entries, order = reference.decode_palette(payload, color_count, channels)
        if order == order_of_all:
            raise reference.FormatError("palette_payload", "identity")
        codes = order_of_all if order is None else np.argsort(order).tolist()
        return [list(entries[code]) for code in codes], order

    return [answer(plain, reference.FormatError), answer(package, kmcodec.FormatError)]


def mutations(payload: bytes, count: int, seed: int) -> Iterator[bytes]:
    """Payloads with some bytes changed, left out, put in or cut off, of which some are right."""
    rng = np.random.default_rng(seed)
    for _ in range(count):
        copy = bytearray(payload)
        for _ in range(rng.integers(1, 3)):
            place = int(rng.integers(len(copy) + 1))
            match rng.integers(5):
                case 0:
                    copy[place : place + 1] = rng.bytes(1)
                case 1:
                    copy[place : place + 1] = b""
                case 2:
                    copy[place:place] = rng.bytes(1)
                case 3:
                    del copy[place:]
                case _:
                    del copy[-int(rng.integers(1, 3)) :]
                    copy += rng.bytes(1)
        yield bytes(copy)


KERNEL_CASES = pytest.mark.parametrize("color_count", [2, 3, 5, 17, 65, 200, 257, 1025, 65536])
BOTH_MODELS = pytest.mark.parametrize("model", Model, ids=["photo", "graphics"])


@BOTH_MODELS
@KERNEL_CASES
def test_compiled_kernel_equals_the_plain_reference_decoder(color_count: int, model: Model) -> None:
    """The vector instructions of the kernel are the plain arithmetic of the specification.

    The reference decoder is the plain form: it reads what the kernel wrote, code by code.
    """
    codes = codes_of_a_ramp(7, 12, color_count, color_count)
    payload = encode(codes, color_count, model)

    assert modelled_answers(payload, 7, 12, color_count) == [codes.tolist()] * 2


@pytest.mark.slow
@BOTH_MODELS
@pytest.mark.parametrize("color_count", [2, 5, 17, 256, 257])
def test_decoders_agree_on_mutated_payloads(color_count: int, model: Model) -> None:
    """Of a mutated payload, both decoders make the same codes, or neither makes any."""
    codes = codes_of_a_ramp(5, 8, color_count, 7)
    payload = encode(codes, color_count, model)
    refused = 0
    for mutated in mutations(payload, 20, color_count):
        plain, package = modelled_answers(mutated, 5, 8, color_count)
        refused += plain is None

        assert plain == package, mutated.hex()
    assert 0 < refused < 20


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("ordered", [False, True])
def test_decoders_agree_on_mutated_palettes(channels: int, ordered: bool) -> None:
    """Of a mutated palette payload, both decoders make the same palette, or neither makes any."""
    rng = np.random.default_rng(channels)
    palette = np.sort(rng.integers(0, 256, (12, channels)), axis=0).astype(np.uint8)
    order = rng.permutation(12).astype(np.uint16) if ordered else None
    payload = sections.encode_palette(palette, order)
    expected = (palette.tolist(), None if order is None else order.tolist())
    assert palette_answers(payload, 12, channels) == [expected] * 2

    answers = [palette_answers(m, 12, channels) for m in mutations(payload, 150, channels)]

    assert [plain for plain, _ in answers] == [package for _, package in answers]
    assert any(plain is None for plain, _ in answers)
    assert any(plain is not None and plain != expected for plain, _ in answers)


def test_palette_length_of_three_bytes() -> None:
    """A palette payload of 2^14 bytes and more, of unrelated colors."""
    palette = np.random.default_rng(0).integers(0, 256, (5500, 3)).astype(np.uint8)
    payload = sections.encode_palette(palette, None)
    length = len(payload)
    assert length >= 2**14
    groups = bytes((length & 127 | 128, length >> 7 & 127 | 128, length >> 14))
    data = assemble(
        f"hex 00 00 06 02\nu32 1\nu32 1\nu16 5499\nu16 0\n"
        f"hex {groups.hex()}\nhex {payload.hex()}\nchecksum\nu32 2\nbits {5499:013b}\nchecksum"
    )

    assert palette.tolist() == [list(entry) for entry in reference.decode(data).palette]
    assert palette.tolist() == kmcodec.decode_indexed(data)[0].tolist()


def test_tallest_band() -> None:
    """A picture of 65537 rows needs a second band, for 65536 rows are the most of one."""
    data = assemble(
        "hex 00 00 01 00\nu32 1\nu32 65537\nu16 0\nu16 65535\nu8 9\nchecksum\n"
        "u32 0\nchecksum\nu32 0\nchecksum"
    )

    assert kmcodec.decode(data).shape == (65537, 1, 3)
    assert len(reference.decode(data).indices) == 65537


@pytest.mark.parametrize("surplus", [0, 1])
def test_metadata_length_limit(surplus: int) -> None:
    """A metadata payload may have 2^24 bytes and no more."""
    length = 2**24 + surplus
    head = b"\x8bKMQ" + bytes.fromhex("00000101 01000000 01000000 00000000")
    payload = b"\x01\x01x" + length.to_bytes(4, "little") + bytes(length)
    data = head + payload + bytes.fromhex("00 00000000 00000000 00000000")

    error = kmcodec.FormatError if surplus else kmcodec.ChecksumError
    with pytest.raises(kmcodec.KmqError) as caught:
        kmcodec.decode(data)
    assert error is type(caught.value)


@pytest.mark.parametrize("surplus", [0, 1])
def test_limit_of_all_metadata(surplus: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """All payloads together may have 2^26 bytes and no more; the excess is not read."""
    # The reference decoder's own checksum would take half a minute.
    monkeypatch.setitem(reference.decode.__globals__, "crc32", zlib.crc32)
    lengths = [2**24, 2**24, 2**24, 2**24 - 1, 1 + surplus]
    head = b"\x8bKMQ" + bytes.fromhex("00000101 01000000 01000000 00000000") + b"\x05"
    data = head + b"".join(
        b"\x01" + name.encode() + length.to_bytes(4, "little") + bytes(length if i < 4 else 1)
        for i, (name, length) in enumerate(zip("vwxyz", lengths, strict=True))
    )
    data += b"\x09"
    checksum = zlib.crc32(data)
    data += checksum.to_bytes(4, "little") + bytes(4)
    data += zlib.crc32(bytes(4), checksum).to_bytes(4, "little")

    if not surplus:
        assert len(kmcodec.info(data).metadata) == len(reference.decode(data).metadata) == 5
        return
    with pytest.raises(kmcodec.FormatError) as caught:
        kmcodec.info(data)
    with pytest.raises(reference.FormatError) as expected:
        reference.decode(data)
    assert caught.value.field == expected.value.field == "length"
    assert caught.value.offset == len(data) - 12 - 1 - 1 - 4


def test_most_metadata_sections() -> None:
    """A file may have 255 metadata sections."""
    sections = "\n".join(f"u8 2\ntext {number:02x}\nu32 0" for number in range(255))
    data = assemble(
        f"hex 00 00 01 01\nu32 1\nu32 1\nu16 0\nu16 0\nu8 255\n{sections}\n"
        "u8 9\nchecksum\nu32 0\nchecksum"
    )

    assert 255 == len(reference.decode(data).metadata) == len(kmcodec.info(data).metadata)


def test_limit_is_inclusive() -> None:
    """A picture of exactly the caller's limit is decoded, one pixel more is not (spec 8.2)."""
    data = (VECTORS / "valid" / "three_colors.kmq").read_bytes()

    assert kmcodec.decode(data, max_pixels=6).shape == (2, 3, 3)
    assert reference.decode(data, max_pixels=6).height == 2
    with pytest.raises(kmcodec.LimitError):
        kmcodec.decode(data, max_pixels=5)
    with pytest.raises(reference.LimitError):
        reference.decode(data, max_pixels=5)


def test_vectors_are_there() -> None:
    """No empty glob passes for success, and invalid vectors outnumber the others two to one.

    Those of the models are not counted: nothing that a payload says of codes can be wrong.
    """
    others = [path for path in VALID + ALTERNATIVE if not is_of_models(path)]

    assert VALID
    assert ALTERNATIVE
    assert len(INVALID) >= 2 * len(others)


def is_of_models(path: Path) -> bool:
    """Whether a vector tests how the models of section 6.3 predict codes."""
    recipe = recipes.assemble(path.with_suffix(".txt").read_text())
    return str(recipe.section).startswith("6.3.")


def test_vectors_equal_their_recipes() -> None:
    """Each vector and the tables of the README are what the recipes say."""
    result = run(TOOL, "--check")

    assert (result.returncode, result.stderr) == (0, "")


def test_reference_decoder_writes_pam(tmp_path: Path) -> None:
    """The reference decoder's PAM opens in Pillow with the same pixels."""
    target = tmp_path / "out.pam"
    result = run(
        ROOT / "spec" / "reference_decoder.py", VECTORS / "valid" / "three_colors.kmq", target
    )

    assert (result.returncode, result.stderr) == (0, "")
    expected = b"P7\nWIDTH 3\nHEIGHT 2\nDEPTH 3\nMAXVAL 255\nTUPLTYPE RGB\nENDHDR\n"
    assert target.read_bytes().startswith(expected)
    samples = np.frombuffer(target.read_bytes().removeprefix(expected), np.uint8)
    assert expected_picture("three_colors").colors.ravel().tolist() == samples.tolist()


def test_reference_decoder_reports_a_bad_file(tmp_path: Path) -> None:
    """The reference decoder names file, class and field, writes nothing and fails."""
    target = tmp_path / "out.pam"
    source = VECTORS / "invalid" / "width_0.kmq"
    result = run(ROOT / "spec" / "reference_decoder.py", source, target)

    assert result.returncode == 1
    assert f"{source}: FormatError: width: 0 is not in 1..2^30\n" == result.stderr
    assert not target.exists()


def run(*command: Any) -> subprocess.CompletedProcess[str]:
    """Run a script with this interpreter."""
    return subprocess.run(
        [sys.executable, *map(str, command)], capture_output=True, text=True, check=False
    )
