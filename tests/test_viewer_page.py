"""The page that shows .kmq files: pictures, colors and frames."""

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from browser import Browser
from helpers import drawing, picture
from PIL import Image
from viewer_page import (
    PAGE,
    enlarged,
    give,
    moving,
    pixels_of,
    rgba,
    saved,
    seen,
    text,
    wait_for_frame,
)

import kmcodec

pytestmark = pytest.mark.slow  # as it takes a browser

HERE = Path(__file__).resolve().parent
VECTORS = HERE.parent / "spec" / "vectors"


@pytest.mark.slow
def test_picture(page: Callable[..., Browser]) -> None:
    """A picture of each mode is shown with its pixels, each a square of whole pixels."""
    colored = Image.fromarray(picture(20, 12, 30, 4))
    for mode in ("1", "L", "LA", "P", "PA", "RGB", "RGBA"):
        image = colored.convert("RGB").convert(mode) if mode == "1" else colored.convert(mode)
        image.save(file := io.BytesIO(), "KMQ")
        browser = page({f"{mode}.kmq": file.getvalue()})
        assert text(browser, "#status").startswith(f"{mode}.kmq: 20 x 12, ")
        shown = seen(browser)
        scale = shown.shape[1] // 20
        expected = enlarged(pixels_of(image), scale)
        assert scale > 20
        assert (shown[..., 3] == expected[..., 3]).all()
        is_solid = expected[..., 3] == 255  # a canvas loses colors where alpha is low
        assert (shown[is_solid] == expected[is_solid]).all()


@pytest.mark.slow
def test_zoom_and_move(page: Callable[..., Browser]) -> None:
    """Buttons, keys and the wheel zoom; what is larger than the view moves, by keys and pointer."""
    pixels = drawing(300, 200)
    browser = page({"a.kmq": kmcodec.encode(pixels)})
    expected = rgba(kmcodec.encode(pixels))
    browser.find("#actual").click()
    assert text(browser, "#zoom") == "100 %"
    assert (seen(browser) == expected).all()
    canvas = browser.find("#canvas")
    canvas.send_keys("+++")
    assert text(browser, "#zoom") == "800 %"
    shown = seen(browser)
    rows, columns = shown.shape[:2]
    whole = enlarged(expected, 8)
    assert rows < whole.shape[0]
    assert columns < whole.shape[1]
    for _ in range(60):
        canvas.send_keys("\ue012\ue013")  # left and up
    assert (seen(browser) == whole[:rows, :columns]).all()
    browser.run(DRAG, -3, -5)
    assert (seen(browser) == whole[5 : 5 + rows, 3 : 3 + columns]).all()
    browser.run("canvas.dispatchEvent(new WheelEvent('wheel', { deltaY: 300, cancelable: true }))")
    assert text(browser, "#zoom") == "400 %"
    canvas.send_keys("0")
    assert browser.run("return parseFloat(zoom.value)") < 200


DRAG = """
const canvas = document.querySelector("#canvas");
canvas.setPointerCapture = () => {}; // of a pointer that there is not
const send = (name, clientX, clientY) =>
  canvas.dispatchEvent(new PointerEvent(name, { pointerId: 9, clientX, clientY }));
send("pointerdown", 200, 200);
send("pointermove", 200 + arguments[0], 200 + arguments[1]);
send("pointerup", 200, 200);
"""


def test_small_view_of_a_large_picture(page: Callable[..., Browser]) -> None:
    """Of a picture larger than the view, a pixel of the screen is the mean of its pixels."""
    pixels = np.zeros((2000, 4000, 3), np.uint8)
    pixels[:, 1::2] = 200
    pixels[::2, :, 1] = 60
    browser = page({"a.kmq": kmcodec.encode(pixels)}, width=390)
    shown = seen(browser)
    assert shown.shape[0] * 2 == pytest.approx(shown.shape[1], abs=2)
    assert (shown[..., 3] == 255).all()
    mean = pixels.mean((0, 1))
    assert abs(shown[..., :3].mean((0, 1)) - mean).max() < 4


def test_point_at_a_pixel(page: Callable[..., Browser]) -> None:
    """The place, the index and the color of the pixel below the pointer are told."""
    browser = page({"a.kmq": kmcodec.encode(np.uint8([[[1, 2, 3], [254, 255, 0]]]))})
    seen(browser)  # so that it is drawn
    browser.run(
        """
        const { left, top, width, height } = paper.getBoundingClientRect();
        canvas.dispatchEvent(new PointerEvent("pointermove",
          { clientX: left + width * 0.9, clientY: top + height / 2 }));
        """
    )
    assert text(browser, "#pixel") == "x 1, y 0: 1, #feff00"
    browser.run("canvas.dispatchEvent(new PointerEvent('pointerleave'))")
    assert not text(browser, "#pixel").strip()


def test_palette(page: Callable[..., Browser]) -> None:
    """Colors have their hex codes and shares, by index or by share."""
    pixels = np.array([[0, 0, 0, 1], [0, 0, 2, 3]])
    palette = np.uint8(
        [[9, 8, 7, 255], [255, 0, 0, 128], [0, 0, 1, 0], [1, 1, 1, 255], [2, 2, 2, 2]]
    )
    data = kmcodec.encode_indexed(palette, pixels.astype(np.uint8))
    browser = page({"a.kmq": data})
    listed = "return [...swatches.children].map((button) => button.innerText.split(/\\s*\\n\\s*/))"
    expected = [
        ["#090807", "62.5 %"],
        ["#ff000080", "12.5 %"],
        ["#00000100", "12.5 %"],
        ["#010101", "12.5 %"],
        ["#02020202", "0 %"],
    ]
    assert sorted(browser.run(listed)) == sorted(expected)
    assert text(browser, "#color") == "5 colors"
    browser.run("order.value = 'share'; order.dispatchEvent(new Event('change'))")
    assert [share for _, share in browser.run(listed)] == ["62.5 %", *3 * ["12.5 %"], "0 %"]


def test_light_a_color(page: Callable[..., Browser]) -> None:
    """A color with the focus lights its pixels among gray ones; once pressed, it stays lit."""
    pixels = drawing(30, 20)
    browser = page({"a.kmq": kmcodec.encode(pixels)})
    plain = seen(browser)
    first = browser.find("#swatches button")
    first.send_keys("\ue014")  # the arrow goes to the second
    code = browser.run("return document.activeElement.querySelector('code').textContent")
    color = [*bytes.fromhex(code[1:]), 255]
    is_lit = (plain == color).all(axis=-1)
    lit = seen(browser)
    assert code in text(browser, "#color")
    assert 0 < is_lit.mean() < 1
    assert (lit[is_lit] == color).all()
    faded = lit[~is_lit][:, :3]
    assert (faded == faded[:, :1]).all()
    browser.find("#fit").click()
    assert (seen(browser) == plain).all()
    browser.run("swatches.children[1].click()")
    browser.run("document.activeElement.blur()")
    assert (seen(browser) == lit).all()
    browser.run("swatches.children[1].click()")
    assert (seen(browser) == plain).all()


def test_many_colors(page: Callable[..., Browser]) -> None:
    """Of many colors some are listed, and more of them on demand."""
    browser = page({"a.kmq": kmcodec.encode(picture(50, 40, 1200), colors=1200)})
    count = "return swatches.children.length"
    assert browser.run(count) == 512
    assert text(browser, "#more") == "Show 512 more of 1,200"
    browser.find("#more").click()
    assert text(browser, "#more") == "Show 176 more of 1,200"
    browser.find("#more").click()
    assert browser.run(count) == 1200
    assert not browser.find("#more").is_displayed()


def test_frames(page: Callable[..., Browser]) -> None:
    """Frames are shown one by one, by buttons and the slider, and saved as they are seen."""
    data = moving(6)
    browser = page({"a.kmq": data})
    scale = seen(browser).shape[1] // 24
    assert browser.find("#play").get_attribute("aria-label") == "Play"
    for button, frame in (("#forth", 1), ("#forth", 2), ("#back", 1), ("#back", 0), ("#back", 5)):
        browser.find(button).click()
        wait_for_frame(browser, frame, 6)
        assert (seen(browser) == enlarged(rgba(data, frame), scale)).all()
    browser.run("seek.value = 3; seek.dispatchEvent(new Event('input'))")
    wait_for_frame(browser, 3, 6)
    name, png = saved(browser, "#png")
    assert name == "a-3.png"
    assert (pixels_of(Image.open(io.BytesIO(png))) == rgba(data, 3)).all()


def test_play(page: Callable[..., Browser]) -> None:
    """An animation plays as it opens, stays at its last frame, and plays again when asked to."""
    browser = page({"a.kmq": moving(5, loop=1)}, motion="no-preference")
    label = "document.querySelector('#play').ariaLabel"
    for _ in range(2):
        browser.wait_for(f"{label} === 'Play' && document.querySelector('#seek').value === '4'")
        browser.find("#play").click()
        assert browser.run(f"return {label}") == "Pause"
    wait_for_frame(browser, 4, 5)


def test_pause(page: Callable[..., Browser]) -> None:
    """A press pauses what plays for ever, and so does going to a frame."""
    browser = page({"a.kmq": moving(5)}, motion="no-preference")
    label = "document.querySelector('#play').ariaLabel"
    browser.wait_for(f"{label} === 'Pause' && document.querySelector('#seek').value > 1")
    browser.find("#play").click()
    assert browser.run(f"return {label}") == "Play"
    browser.find("#play").click()
    assert browser.run(f"return {label}") == "Pause"
    browser.run("seek.value = 2; seek.dispatchEvent(new Event('input'))")
    assert browser.run(f"return {label}") == "Play"
    wait_for_frame(browser, 2, 5)


def test_fault_in_a_frame(page: Callable[..., Browser]) -> None:
    """A fault in a later frame is told where it is met, and other frames are still shown."""
    browser = page({"a.kmq": (VECTORS / "invalid" / "frames_index_3_of_3.kmq").read_bytes()})
    assert not browser.find("#fault").is_displayed()
    browser.find("#forth").click()
    browser.wait_for("!document.querySelector('#fault').hidden")
    assert "FormatError" in text(browser, "#fault")
    browser.find("#back").click()
    browser.wait_for("document.querySelector('#fault').hidden")


def test_stop(browser: Browser, tmp_path: Path) -> None:
    """What takes too long can be stopped, and the page goes on with the next file."""
    browser.open(PAGE)
    browser.run(
        """
        const [busy, stop] = ["#busy", "#stop"].map((name) => document.querySelector(name));
        const observer = new MutationObserver(() => {
          observer.disconnect();
          stop.click();
        });
        observer.observe(busy, { attributes: true });
        """
    )
    data = kmcodec.encode(picture(9, 9, 4))
    give(browser, tmp_path, {"a.kmq": data})
    assert text(browser, "#fault") == "Stopped."
    give(browser, tmp_path, {"b.kmq": data})
    assert text(browser, "#status").startswith("b.kmq: 9 x 9")
