"""The decoder in plain JavaScript: its own tests, and larger pictures than the vectors are."""

import hashlib
import json
import shutil
import subprocess
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

import kmcodec

HERE = Path(__file__).resolve().parent
VECTORS = HERE.parent / "spec" / "vectors"
PICTURES = HERE / "pictures"


def run_node(*arguments: str | Path, text: str = "") -> subprocess.CompletedProcess[str]:
    """Run Node, if it is there."""
    node = shutil.which("node")
    if not node:
        pytest.skip("node is not installed")
    command = [node, *map(str, arguments)]
    return subprocess.run(
        command, input=text, capture_output=True, text=True, check=False, timeout=120
    )


def outcomes_of(paths: list[Path]) -> list[list[str | int]]:
    """Return what the decoder in JavaScript makes of files."""
    done = run_node(HERE / "viewer" / "outcomes.mjs", text="".join(f"{path}\n" for path in paths))
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def digests_of(data: bytes) -> list[str]:
    """Return what ``outcomes.mjs`` has to print of a file."""
    frames = (Image.fromarray(pixels).convert("RGBA") for pixels, _ in kmcodec.decode_frames(data))
    return [hashlib.sha256(frame.tobytes()).hexdigest() for frame in frames]


def test_vectors_in_node() -> None:
    """Node's own test runner passes all tests of the decoder, on each vector and beyond."""
    done = run_node("--test", HERE / "viewer" / "decode.test.mjs")
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr


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


def test_pictures_larger_than_vectors(tmp_path: Path) -> None:
    """Photographs and drawings of all classes of colors decode as the package decodes them."""
    with Image.open(PICTURES / "parrots.png") as opened:
        photo = opened.convert("RGB").crop((40, 40, 200, 180))
    drawing = photo.copy()
    draw = ImageDraw.Draw(drawing)
    for n in range(12):
        draw.rectangle((20 * n, 9 * n, 20 * n + 90, 9 * n + 60), fill=(20 * n, 90, 255 - 20 * n))
        draw.text((15 * n, 20 * n), f"kmcodec {n}", fill=(255, 255, 20 * n))
    paths = []
    for colors in (2, 16, 40, 200, 2000):
        for name, picture in (("photo", photo), ("drawing", drawing)):
            for coding in ("modelled", "packed"):
                path = tmp_path / f"{name}-{colors}-{coding}.kmq"
                data = kmcodec.encode(picture, colors=colors, coding=coding, speed=10)
                path.write_bytes(data)
                paths.append(path)
    assert outcomes_of(paths) == [digests_of(path.read_bytes()) for path in paths]


@pytest.mark.parametrize("coding", ["modelled", "packed"])
def test_animations_larger_than_vectors(tmp_path: Path, coding: str) -> None:
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
    assert outcomes_of([path]) == [digests_of(data)]
