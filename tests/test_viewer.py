"""What decodes and encodes in browsers: its own tests in Node, and larger pictures than vectors."""

import gzip
import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from commands import run_node
from PIL import Image, ImageDraw

import kmcodec

pytestmark = pytest.mark.slow  # as it takes Node

HERE = Path(__file__).resolve().parent
VECTORS = HERE.parent / "spec" / "vectors"
PICTURES = HERE / "pictures"
DIST = HERE.parent / "tools" / "viewer" / "dist"
SLOW_DECODERS = [pytest.param(name, marks=pytest.mark.slow) for name in ("plain", "javascript")]
DECODERS = ["wasm", *SLOW_DECODERS]


def outcomes_of(paths: list[Path], decoder: str = "plain") -> list[list[str | int]]:
    """Return what a decoder makes of files."""
    text = "".join(f"{path}\n" for path in paths)
    done = run_node(HERE / "viewer" / "outcomes.mjs", decoder, text=text)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def digests_of(data: bytes) -> list[str]:
    """Return what ``outcomes.mjs`` has to print of a file."""
    frames = (Image.fromarray(pixels).convert("RGBA") for pixels, _ in kmcodec.decode_frames(data))
    return [hashlib.sha256(frame.tobytes()).hexdigest() for frame in frames]


def parrots() -> Image.Image:
    """Return a photograph."""
    with Image.open(PICTURES / "parrots.png") as opened:
        return opened.convert("RGB")


def draw_on(picture: Image.Image) -> Image.Image:
    """Return a picture with rectangles and text on it."""
    drawing = picture.copy()
    draw = ImageDraw.Draw(drawing)
    for n in range(12):
        draw.rectangle((20 * n, 9 * n, 20 * n + 90, 9 * n + 60), fill=(20 * n, 90, 255 - 20 * n))
        draw.text((15 * n, 20 * n), f"kmcodec {n}", fill=(255, 255, 20 * n))
    return drawing


def test_plain_decoder_in_node() -> None:
    """Node's own test runner passes all tests of the decoder, on each vector and beyond."""
    done = run_node("--test", HERE / "viewer" / "decode.test.mjs")
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr


def test_plain_decoder_stands_alone() -> None:
    """The decoder to be laid beside the specification imports nothing."""
    assert "import" not in (DIST.parent / "decode.mjs").read_text("utf-8")


def test_codec_in_node() -> None:
    """Both engines of the codec go to frames and keep limits, and the built module is found."""
    patterns = ["--test-name-pattern=be gone to|limits|the engine|the built module"]
    done = run_node("--test", *patterns, HERE / "viewer" / "codec.test.mjs")
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr
    assert "# pass 0" not in done.stdout


@pytest.mark.slow
def test_all_of_codec_in_node() -> None:
    """Node's own test runner passes all tests of both engines, on each vector and beyond."""
    done = run_node("--test", HERE / "viewer" / "codec.test.mjs")
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr


def test_slow_frames_in_node() -> None:
    """Frames that take long to decode are shown later; none of them is passed over for it."""
    done = run_node("--test", HERE / "viewer" / "slow_frames.test.mjs")
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr


def test_encoder_in_node() -> None:
    """Node's own test runner passes all tests of the encoder."""
    done = run_node("--test", HERE / "viewer" / "encode.test.mjs")
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr


def test_hashes_of_what_is_built() -> None:
    """The hashes beside what is built are its, so that it can be checked where it is used."""
    files = sorted(path for path in DIST.iterdir() if path.name != "SHA256SUMS")
    digests = [hashlib.sha256(path.read_bytes()).hexdigest() for path in files]
    lines = [f"{digest}  {path.name}" for digest, path in zip(digests, files, strict=True)]
    assert (DIST / "SHA256SUMS").read_text("utf-8").splitlines() == lines


def test_size_of_what_a_page_needs() -> None:
    """The codec is at most 60 kB, and 25 kB as it is transferred."""
    parts = [(DIST / name).read_bytes() for name in ("kmq.mjs", "kmq.wasm")]
    assert sum(map(len, parts)) <= 60_000
    assert sum(len(gzip.compress(part)) for part in parts) <= 25_000


def test_errors_are_those_of_the_package() -> None:
    """The class and the offset of the error of each invalid vector are the package's."""
    paths = sorted((VECTORS / "invalid").glob("*.kmq"))
    expected = {}
    for path in paths:
        with pytest.raises(kmcodec.KmqError) as caught:
            list(kmcodec.decode_frames(path.read_bytes()))
        expected[path.stem] = [type(caught.value).__name__, caught.value.offset]
    names = [path.stem for path in paths]
    outcomes = dict(zip(names, outcomes_of(paths), strict=True))
    # 8.1: which of several faults is reported is the decoder's choice, and these have two
    for name in ("frames_run_0_last", "frames_run_surplus"):
        assert outcomes.pop(name)[0] == expected.pop(name)[0]
    assert outcomes == expected


@pytest.mark.parametrize("decoder", DECODERS)
def test_pictures_larger_than_vectors(tmp_path: Path, decoder: str) -> None:
    """Photographs and drawings of all classes of colors decode as the package decodes them."""
    photo = parrots().crop((40, 40, 200, 180))
    paths = []
    for colors in (2, 16, 40, 200, 2000):
        for name, picture in (("photo", photo), ("drawing", draw_on(photo))):
            for coding in ("modelled", "packed"):
                path = tmp_path / f"{name}-{colors}-{coding}.kmq"
                data = kmcodec.encode(picture, colors=colors, coding=coding, speed=10)
                path.write_bytes(data)
                paths.append(path)
    assert outcomes_of(paths, decoder) == [digests_of(path.read_bytes()) for path in paths]


@pytest.mark.parametrize("coding", ["modelled", "packed"])
@pytest.mark.parametrize("decoder", DECODERS)
def test_animations_larger_than_vectors(tmp_path: Path, coding: str, decoder: str) -> None:
    """A window that scrolls over a picture, and what moves in it, decode as in the package."""
    with Image.open(PICTURES / "parrots-16.png") as opened:
        picture = opened.convert("RGB")
    frames = []
    for n in range(16):
        frame = picture.crop((3 * n, 5 * n, 3 * n + 150, 5 * n + 130))
        if n in (7, 8):
            frame = frames[-1].copy()
        ImageDraw.Draw(frame).ellipse((9 * n, 20, 9 * n + 25, 45), fill=(255, 10 * n, 0))
        frames.append(frame)
    path = tmp_path / "frames.kmq"
    data = kmcodec.encode_frames(frames, colors=64, coding=coding, key_interval=6, speed=10)
    path.write_bytes(data)
    assert outcomes_of([path], decoder) == [digests_of(data)]


def encode_in_node(tasks: list[dict[str, Any]]) -> list[str | None]:
    """Write .kmq files as ``encoded.mjs`` says; return the mode of each, or None."""
    text = "".join(f"{json.dumps(task)}\n" for task in tasks)
    done = run_node(HERE / "viewer" / "encoded.mjs", text=text)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_pixels_encode_to_the_bytes_of_the_package(tmp_path: Path) -> None:
    """Pixels of all kinds and sizes give the file that kmcodec.encode gives, byte by byte."""
    photo = parrots()
    few = photo.quantize(50).convert("RGB")
    alpha = photo.crop((90, 60, 150, 120)).convert("RGBA")
    alpha.putalpha(photo.convert("L").crop((0, 0, 60, 60)))
    large = few.resize((1100, 1000), Image.Resampling.NEAREST)
    pictures = [
        photo.crop((100, 100, 120, 120)),
        photo.crop((0, 0, 150, 140)),
        photo.resize((270, 260)).quantize(200).convert("RGB"),
        draw_on(photo.resize((300, 260)).quantize(16).convert("RGB")),
        draw_on(large),
        photo.convert("L"),
        photo.convert("1").convert("L"),
        photo.convert("LA").crop((5, 5, 60, 40)),
        alpha,
        Image.new("RGB", (90, 3), (1, 2, 3)),
        Image.new("L", (1, 1), 9),
    ]
    pictures[7].putalpha(photo.convert("L").crop((0, 0, 55, 35)))
    tasks, expected = [], []
    for n, picture in enumerate(pictures):
        rgba, out = tmp_path / f"{n}.rgba", tmp_path / f"{n}.kmq"
        rgba.write_bytes(picture.convert("RGBA").tobytes())
        size = {"width": picture.width, "height": picture.height}
        tasks.append({**size, "rgba": str(rgba), "out": str(out)})
        expected.append(kmcodec.encode(np.asarray(picture), colors=65536))
    assert encode_in_node(tasks) == [picture.mode for picture in pictures]
    for n, data in enumerate(expected):
        assert (tmp_path / f"{n}.kmq").read_bytes() == data, n


def test_palettes_and_indices_encode_to_the_bytes_of_the_package(tmp_path: Path) -> None:
    """Pictures that have a palette keep it, in the file that the package makes of them."""
    random = np.random.default_rng(3)
    tasks, expected = [], []
    kinds = [(7, 3, (9, 12)), (200, 4, (60, 70)), (64, 3, (300, 250)), (1, 3, (2, 2))]
    for n, (colors, channels, shape) in enumerate(kinds):
        palette = random.integers(0, 256, (colors, channels), np.uint8)
        steps = random.integers(-1, 2, shape).cumsum(1).cumsum(0) // 3
        indices = (steps % colors).astype(np.uint8)
        expected.append(kmcodec.encode_indexed(palette, indices))
        raw, out = tmp_path / f"{n}.raw", tmp_path / f"{n}.kmq"
        raw.write_bytes(indices.tobytes())
        mode = {3: "P", 4: "P_ALPHA"}[channels]
        task = {"width": shape[1], "height": shape[0], "mode": mode, "out": str(out)}
        tasks.append({**task, "palette": palette.ravel().tolist(), "indices": str(raw)})
    encode_in_node(tasks)
    for n, data in enumerate(expected):
        assert (tmp_path / f"{n}.kmq").read_bytes() == data, n
