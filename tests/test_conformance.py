"""Every vector of spec/vectors, through the package and through the reference decoder."""

import hashlib
import io
import json
import runpy
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

import kmcodec
from kmcodec.format import Mode

ROOT = Path(__file__).parent.parent
VECTORS = ROOT / "spec" / "vectors"
TOOL = ROOT / "tools" / "kmq-vectors"
VALID = sorted((VECTORS / "valid").glob("*.kmq"))
ALTERNATIVE = sorted((VECTORS / "alternative").glob("*.kmq"))
INVALID = sorted((VECTORS / "invalid").glob("*.kmq"))
reference = SimpleNamespace(**runpy.run_path(str(ROOT / "spec" / "reference_decoder.py")))
recipes = SimpleNamespace(**runpy.run_path(str(TOOL)))

valid_vectors = pytest.mark.parametrize("path", VALID, ids=lambda path: path.stem)
alternative_vectors = pytest.mark.parametrize("path", ALTERNATIVE, ids=lambda path: path.stem)
invalid_vectors = pytest.mark.parametrize("path", INVALID, ids=lambda path: path.stem)


def expected_picture(name: str) -> SimpleNamespace:
    """The committed result of a valid vector, with pixels as RGB or RGBA too."""
    picture = SimpleNamespace(**json.loads((VECTORS / "valid" / f"{name}.json").read_text()))
    rows = [np.frombuffer(bytes.fromhex(row), np.uint8) for row in picture.pixels]
    samples = np.array(rows).reshape(picture.height, picture.width, -1)
    picture.colors = as_colors(samples)
    return picture


def as_colors(samples: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Gray samples, with or without alpha, as RGB or RGBA (spec 9.1)."""
    gray = {1: [0, 0, 0], 2: [0, 0, 0, 1]}
    return samples[..., gray.get(samples.shape[-1], slice(None))]


def assert_exact(picture: SimpleNamespace, data: bytes) -> None:
    """Both decoders give the picture: palette, indices, pixels and metadata."""
    decoded = reference.decode(data)
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


@valid_vectors
def test_valid_vector_is_decoded_exactly(path: Path) -> None:
    """A valid vector gives the committed picture, sample by sample."""
    assert_exact(expected_picture(path.stem), path.read_bytes())


@valid_vectors
def test_valid_vector_opens_in_its_source_mode(path: Path) -> None:
    """Pillow opens a valid vector in the mode that was saved, with the samples of spec 9.2."""
    picture = expected_picture(path.stem)
    decoded = reference.decode(path.read_bytes())
    rows = [np.frombuffer(row, np.uint8) for row in decoded.source_pixels()]

    with Image.open(path) as image:
        samples = np.asarray(image).astype(np.uint8) * (255 if image.mode == "1" else 1)

        assert Mode[picture.mode].pillow == image.mode
        assert (picture.width, picture.height) == image.size
        assert np.array(rows).ravel().tolist() == samples.ravel().tolist()

        channels = picture.colors.shape[-1]
        converted = np.asarray(image.convert("RGB" if channels == 3 else "RGBA"))
        assert picture.colors.tolist() == converted.tolist()


@pytest.mark.parametrize("name", ["mode_p", "mode_p_alpha", "mode_pa", "mode_pa_equal_colors"])
def test_palette_opens_entry_by_entry(name: str) -> None:
    """A palette opens in its order, duplicate and unused entries included."""
    path = VECTORS / "valid" / f"{name}.kmq"
    decoded = reference.decode(path.read_bytes())
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

    assert picture.mode == reference.decode(data).mode
    assert picture.pixels == [row.hex() for row in reference.decode(data).pixels()]
    assert picture.colors.tolist() == kmcodec.decode(data).tolist()


@invalid_vectors
def test_invalid_vector_is_rejected(path: Path) -> None:
    """An invalid vector raises the class that its recipe names, from every function."""
    expected = recipes.assemble(path.with_suffix(".txt").read_text()).expect.split()[0]
    data = path.read_bytes()
    for function in (kmcodec.decode, kmcodec.decode_indexed):
        with pytest.raises(kmcodec.KmqError) as caught:
            function(data)

        assert expected == type(caught.value).__name__


@invalid_vectors
def test_invalid_vector_is_rejected_by_pillow(path: Path) -> None:
    """Pillow users get an error of Pillow's kind, from open or from load."""
    with pytest.raises((OSError, Image.DecompressionBombError)):
        Image.open(io.BytesIO(path.read_bytes())).load()


@invalid_vectors
def test_invalid_vector_is_rejected_by_the_reference_decoder(path: Path) -> None:
    """An invalid vector raises the class that its recipe names, for the field it names."""
    expected = recipes.assemble(path.with_suffix(".txt").read_text()).expect
    with pytest.raises(reference.KmqError) as caught:
        reference.decode(path.read_bytes())

    assert expected == f"{type(caught.value).__name__} {caught.value.field}"


def damaged(data: bytes) -> Iterator[bytes]:
    """Every truncation, every flipped bit, and a trailing byte."""
    yield from (data[:size] for size in range(len(data)))
    for bit in range(8 * len(data)):
        copy = bytearray(data)
        copy[bit // 8] ^= 1 << bit % 8
        yield bytes(copy)
    yield data + b"\x00"


@pytest.mark.parametrize("name", ["one_pixel", "three_colors", "two_bands", "metadata_all"])
def test_no_damage_is_accepted(name: str) -> None:
    """Every truncation, flipped bit and trailing byte is rejected by both decoders (spec 8.3)."""
    for data in damaged((VECTORS / "valid" / f"{name}.kmq").read_bytes()):
        with pytest.raises(kmcodec.KmqError):
            kmcodec.decode(data)
        with pytest.raises(reference.KmqError):
            reference.decode(data)


def assemble(recipe: str) -> bytes:
    """A vector that is too large to be committed."""
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
    """No empty glob passes for success, and invalid vectors outnumber the others two to one."""
    assert VALID
    assert ALTERNATIVE
    assert len(INVALID) >= 2 * (len(VALID) + len(ALTERNATIVE))


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
