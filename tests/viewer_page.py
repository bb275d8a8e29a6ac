"""What tests do with the page that shows .kmq files, in Chromium."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from browser import Browser
from helpers import drawing
from numpy.typing import NDArray
from PIL import Image

import kmcodec

PAGE = Path(__file__).resolve().parent.parent / "tools" / "viewer" / "index.html"

SMALL = {"width": 700, "height": 500, "motion": "reduce"}

# the pixels of the canvas where the picture is, below their width and height
SEEN = """
const canvas = document.querySelector("#canvas"), paper = document.querySelector("#paper").style;
const [x, y, width, height] = ["left", "top", "width", "height"].map((n) => parseInt(paper[n]));
const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
context.drawImage(canvas, -x, -y);
const { data } = context.getImageData(0, 0, width, height);
return new Blob([Uint32Array.of(width, height), data]);
"""
# what the page has the browser save when a button is pressed
SAVED = """
HTMLAnchorElement.prototype.click = function () { window.savedAs = this.download };
return new Promise((done) => {
  const create = URL.createObjectURL;
  URL.createObjectURL = (blob) => {
    URL.createObjectURL = create;
    done(blob);
    return create.call(URL, blob);
  };
  document.querySelector("%s").click();
});
"""


@pytest.fixture
def page(browser: Browser, tmp_path: Path) -> Callable[..., Browser]:
    """Open the page, from the disk, and give it files by their names; later, give it more."""
    is_open = False

    def open_page(files: dict[str, bytes], **preferences: Any) -> Browser:
        nonlocal is_open
        if not is_open:
            browser.open(PAGE, **{**SMALL, **preferences})
            is_open = True
        give(browser, tmp_path, files)
        return browser

    return open_page


def give(browser: Browser, folder: Path, files: dict[str, bytes]) -> None:
    """Choose files, of which the first is shown, and wait for what becomes of it."""
    for name, data in files.items():
        (folder / name).write_bytes(data)
    browser.run("document.querySelector('#status').textContent = ''")
    browser.find("#input").send_keys("\n".join(str(folder / name) for name in files))
    browser.wait_for("document.querySelector('#status').textContent")


def text(browser: Browser, selector: str) -> str:
    """Return the text of an element, hidden or not."""
    return browser.run("return document.querySelector(arguments[0]).textContent", selector)


def rows(browser: Browser, table: str) -> list[list[str]]:
    """Return the texts of a table."""
    script = "return [...document.querySelectorAll(`${arguments[0]} tbody tr`)].map((row) => \
[...row.cells].map((cell) => cell.textContent))"
    return browser.run(script, table)


def seen(browser: Browser) -> NDArray[np.uint8]:
    """Return the pixels of the screen with the picture on them, as RGBA."""
    browser.run("return new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")
    data = browser.bytes_of(SEEN)
    width, height = np.frombuffer(data, "<u4", 2)
    return np.frombuffer(data, np.uint8, offset=8).reshape(height, width, 4)


def enlarged(pixels: NDArray[np.uint8], scale: int) -> NDArray[np.uint8]:
    """Return each pixel as a square."""
    return pixels.repeat(scale, axis=0).repeat(scale, axis=1)


def rgba(data: bytes, frame: int = 0) -> NDArray[np.uint8]:
    """Return a frame of a file as RGBA."""
    pixels, _ = list(kmcodec.decode_frames(data))[frame]
    return pixels_of(Image.fromarray(pixels))


def saved(browser: Browser, button: str) -> tuple[str, bytes]:
    """Press a button that saves a file; return its name and its bytes."""
    data = browser.bytes_of(SAVED % button)
    return browser.run("return savedAs"), data


def pixels_of(image: Image.Image) -> NDArray[np.uint8]:
    """Return the pixels of an image as RGBA."""
    return np.asarray(image.convert("RGBA"))


def moving(count: int, loop: int = 0) -> bytes:
    """Make an animation in which a square moves."""
    frames = [drawing(24, 16) for _ in range(count)]
    for n, frame in enumerate(frames):
        frame[n : n + 4, 2 * n : 2 * n + 4] = 255, 0, 10 * n
    return kmcodec.encode_frames(frames, duration=40, loop=loop)


def wait_for_frame(browser: Browser, number: int, count: int) -> None:
    """Wait until a frame is shown."""
    browser.wait_for(f"document.querySelector('#time').value === '{number + 1} of {count}, 0.04 s'")
