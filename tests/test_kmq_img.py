"""The element that shows .kmq files, in Chromium under a strict Content-Security-Policy."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from browser import Browser, Site
from commands import run_node
from helpers import drawing, picture
from numpy.typing import NDArray
from PIL import Image
from viewer_page import moving, rgba

import kmcodec

pytestmark = pytest.mark.slow  # as it takes a browser

HERE = Path(__file__).resolve().parent
VIEWER = HERE.parent / "tools" / "viewer"
VECTORS = HERE.parent / "spec" / "vectors"
PAGE = """<!doctype html><meta charset="utf-8"><title>Pictures</title>
<script type="module" src="/dist/kmq-img.mjs"></script><script src="/events.js"></script>
"""
EVENTS = """
window.heard = [];
for (const name of ["load", "error", "play", "pause", "ended"]) {
  document.addEventListener(name, ({ target: { id } }) => id && heard.push(`${id} ${name}`), true);
}
"""
# the pixels of an element's canvas, below their width and height
SEEN = """
const canvas = document.querySelector(arguments[0]).shadowRoot.querySelector("canvas");
const { width, height } = canvas;
const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
context.drawImage(canvas, 0, 0);
return new Blob([Uint32Array.of(width, height), context.getImageData(0, 0, width, height).data]);
"""


@pytest.fixture
def show(browser: Browser, site: Site) -> Callable[..., Browser]:
    """Open a page with the HTML and the files, by name, that a test has."""
    site.root = VIEWER
    site.pages["/events.js"] = EVENTS.encode()

    def open_page(html: str, files: dict[str, bytes], **preferences: Any) -> Browser:
        site.pages.update({f"/{name}": data for name, data in files.items()})
        site.pages["/index.html"] = (PAGE + html).encode()
        browser.open(f"{site.address}/index.html", **preferences)
        return browser

    return open_page


def seen(browser: Browser, selector: str = "#a") -> NDArray[np.uint8]:
    """Return the pixels of an element, as RGBA."""
    data = browser.bytes_of(SEEN, selector)
    width, height = np.frombuffer(data, "<u4", 2)
    return np.frombuffer(data, np.uint8, offset=8).reshape(height, width, 4)


def wait_for(browser: Browser, event: str) -> None:
    """Wait for an event of an element, as ``a load``."""
    browser.wait_for("heard.includes(arguments[0])", event)


def test_clock_in_node() -> None:
    """Node's own test runner passes all tests of when frames are shown."""
    done = run_node("--test", HERE / "viewer" / "clock.test.mjs")
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr


def test_picture(show: Callable[..., Browser]) -> None:
    """A picture is shown with its pixels, as an <img> is; the console stays empty."""
    data = kmcodec.encode(drawing(40, 30))
    browser = show('<kmq-img id="a" src="a.kmq" alt="A drawing"></kmq-img>', {"a.kmq": data})
    wait_for(browser, "a load")
    assert (seen(browser) == rgba(data)).all()
    facts = "return [a.naturalWidth, a.naturalHeight, a.frameCount, a.complete, a.error, a.paused]"
    assert browser.run(facts) == [40, 30, 1, True, None, True]
    assert browser.run("return [a.offsetWidth, a.offsetHeight]") == [40, 30]
    nodes = browser.driver.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
    images = [node["name"]["value"] for node in nodes if node["role"]["value"] == "image"]
    assert images == ["A drawing"]


def test_sizes(show: Callable[..., Browser]) -> None:
    """Width and height are known before the file is, and the other one follows from the picture."""
    html = "".join(
        f'<p><kmq-img id="{name}" src="a.kmq" {size}></kmq-img></p>'
        for name, size in {
            "a": 'width="80"',
            "b": 'height="15"',
            "c": 'width="60" height="60"',
            "d": 'src="none.kmq" width="70" height="35" loading="lazy"',
        }.items()
    )
    browser = show(html, {"a.kmq": kmcodec.encode(drawing(40, 30))})
    for name in "abc":
        wait_for(browser, f"{name} load")
    sizes = browser.run("return [a, b, c].map((e) => [e.offsetWidth, e.offsetHeight])")
    assert sizes == [[80, 60], [20, 15], [60, 60]]


def test_sizes_of_img(show: Callable[..., Browser]) -> None:
    """Percentages, fractions and what is no number are sizes as of an <img>."""
    sizes = [
        'width="50%"',
        'width="12.5"',
        'width="50%" height="20"',
        'width="30" height="50%"',
        'height="50%"',
        'height="20px"',
        'width="wide" height="-3"',
        'width="0" height="20"',
        'width="20" height="0"',
    ]
    style = b"div { width: 300px; height: 200px } img { vertical-align: bottom }"
    html = '<link rel="stylesheet" href="a.css">' + "".join(
        f'<div><kmq-img id="k{n}" src="a.kmq" {size}></kmq-img></div>'
        f'<div><img id="i{n}" src="a.png" {size}></div>'
        for n, size in enumerate(sizes)
    )
    Image.fromarray(drawing(40, 30)).save(file := io.BytesIO(), "PNG")
    data = kmcodec.encode(drawing(40, 30))
    browser = show(html, {"a.kmq": data, "a.png": file.getvalue(), "a.css": style})
    for n in range(len(sizes)):
        wait_for(browser, f"k{n} load")
        wait_for(browser, f"i{n} load")
    drawn = """
    return [...document.querySelectorAll(arguments[0])].map((element) => {
      const { width, height } = (element.shadowRoot?.querySelector("canvas") ?? element)
        .getBoundingClientRect();
      return [width, height];
    })"""
    assert browser.run(drawn, "kmq-img") == browser.run(drawn, "img")


def test_animation(show: Callable[..., Browser]) -> None:
    """An animation plays by itself, pauses, goes to frames, and tells all of it by events."""
    data = moving(6)
    browser = show('<kmq-img id="a" src="a.kmq"></kmq-img>', {"a.kmq": data})
    wait_for(browser, "a load")
    browser.wait_for("a.currentFrame === 4")
    assert browser.run("return [a.frameCount, a.paused]") == [6, False]
    browser.run("a.pause()")
    for frame in (5, 0, 3):
        browser.run("a.currentFrame = arguments[0]", frame)
        assert (seen(browser) == rgba(data, frame)).all()
    assert browser.run("return [a.currentFrame, a.paused, heard]") == [
        3,
        True,
        ["a load", "a pause"],
    ]
    browser.run("a.play()")
    browser.wait_for("a.currentFrame !== 3")
    assert browser.run("return heard.at(-1)") == "a play"


def test_end(show: Callable[..., Browser]) -> None:
    """After its last time an animation stays at its last frame, and may be played again."""
    data = moving(3, loop=1)
    browser = show('<kmq-img id="a" src="a.kmq"></kmq-img>', {"a.kmq": data})
    wait_for(browser, "a ended")
    assert browser.run("return [a.currentFrame, a.paused]") == [2, True]
    browser.run("heard.length = 0; a.play()")
    wait_for(browser, "a ended")
    assert (seen(browser) == rgba(data, 2)).all()


def test_reduced_motion(show: Callable[..., Browser]) -> None:
    """Who prefers reduced motion sees the first frame, and plays by a press."""
    data = moving(4)
    html = '<kmq-img id="a" src="a.kmq" alt="A square"></kmq-img><p>text</p>'
    browser = show(html, {"a.kmq": data}, motion="reduce")
    wait_for(browser, "a load")
    assert browser.run("return [a.currentFrame, a.paused]") == [0, True]
    assert (seen(browser) == rgba(data, 0)).all()
    browser.find("body").send_keys("\ue004 ")  # tab, space
    browser.wait_for("a.currentFrame > 1")
    assert browser.run("return a.paused") is False


def test_keyboard(show: Callable[..., Browser]) -> None:
    """The controls have names, and keys play, pause and go to frames."""
    browser = show('<kmq-img id="a" src="a.kmq" paused></kmq-img>', {"a.kmq": moving(4)})
    wait_for(browser, "a load")
    nodes = browser.driver.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
    names = {node["role"]["value"]: node.get("name", {}).get("value") for node in nodes}
    assert (names["button"], names["slider"]) == ("Play", "Frame")
    body = browser.find("body")
    body.send_keys("\ue004")  # tab: the button
    browser.run("return document.activeElement.id")
    browser.driver.switch_to.active_element.send_keys("\ue004")  # the slider
    focus = "a.shadowRoot.activeElement"
    assert browser.run(f"return {focus}.type") == "range"
    browser.find("#a").shadow_root.find_element("css selector", "input").send_keys("\ue014\ue014")
    assert browser.run("return [a.currentFrame, a.paused]") == [2, True]
    assert browser.run(f"return {focus}.ariaValueText") == "3 of 4"


def test_lazy(show: Callable[..., Browser], site: Site) -> None:
    """A lazy picture is asked for once it is near; others are at once."""
    html = """<link rel="stylesheet" href="far.css"><kmq-img id="a" src="a.kmq"></kmq-img>
    <div class="far"></div><kmq-img id="b" src="b.kmq" loading="lazy" width="9"></kmq-img>"""
    data = kmcodec.encode(drawing(9, 9))
    browser = show(html, {"a.kmq": data, "b.kmq": data, "far.css": b".far { height: 9000px }"})
    wait_for(browser, "a load")
    assert "/b.kmq" not in site.requests
    browser.run("b.scrollIntoView()")
    wait_for(browser, "b load")


def test_drawn_while_it_arrives(show: Callable[..., Browser], site: Site) -> None:
    """Bands are shown when they are there, and the file is loaded with the last of them."""
    pixels = picture(32, 40, 16)
    data = kmcodec.encode(pixels, band_rows=8, coding="packed")
    event = site.halt("/a.kmq", len(data) - 2 * (8 * 16 + 8))
    browser = show('<kmq-img id="a" src="a.kmq"></kmq-img>', {"a.kmq": data})
    browser.wait_for("a.naturalHeight === 40")
    while not (partly := seen(browser))[:24, :, 3].all():
        pass
    assert (partly[:24] == rgba(data)[:24]).all()
    assert not partly[24:].any()
    assert browser.run("return [a.complete, heard]") == [False, []]
    event.set()
    wait_for(browser, "a load")
    assert (seen(browser) == rgba(data)).all()


def test_frames_while_they_arrive(show: Callable[..., Browser], site: Site) -> None:
    """Frames are played as they arrive."""
    data = moving(6)
    event = site.halt("/a.kmq", len(data) - 30)
    browser = show('<kmq-img id="a" src="a.kmq"></kmq-img>', {"a.kmq": data})
    browser.wait_for("a.currentFrame > 0")
    assert browser.run("return a.complete") is False
    event.set()
    wait_for(browser, "a load")
    browser.wait_for("a.currentFrame === 5")


@pytest.mark.parametrize("damage", ["flip", "cut", "longer", "other", "missing"])
def test_damage(show: Callable[..., Browser], damage: str) -> None:
    """Of what cannot be shown the reason is told, with a link to the file, and no pixel is left."""
    data = kmcodec.encode(drawing(20, 20))
    files, error = {
        "flip": ({"a.kmq": data[:-9] + bytes([data[-9] ^ 1]) + data[-8:]}, "ChecksumError"),
        "cut": ({"a.kmq": data[:-9]}, "TruncatedError"),
        "longer": ({"a.kmq": data + b"!"}, "FormatError"),
        "other": ({"a.kmq": b"GIF89a"}, "SignatureError"),
        "missing": ({}, "Error"),
    }[damage]
    browser = show('<kmq-img id="a" src="a.kmq" alt="A drawing"></kmq-img>', files)
    wait_for(browser, "a error")
    assert browser.run("return [a.error.name, a.complete, a.naturalWidth]") == [error, True, 0]
    link = "a.shadowRoot.querySelector('p a')"
    address = browser.run(f"return [{link}.textContent, new URL({link}.href).pathname]")
    assert address == ["A drawing", "/a.kmq"]
    assert browser.run("return a.shadowRoot.querySelector('p').checkVisibility()")
    assert browser.run("return a.shadowRoot.querySelector('canvas').checkVisibility()") is False
    if damage == "missing":
        browser.complaints()  # of the 404


@pytest.mark.parametrize("src", ["javascript:void(a.hit = 1)", "data:text/html,<b>", "about:blank"])
def test_no_link_to_scripts(show: Callable[..., Browser], src: str) -> None:
    """An address by which a click might run a script is told as text."""
    browser = show(f'<kmq-img id="a" src="{src}"></kmq-img>', {})
    wait_for(browser, "a error")
    assert browser.run("return a.shadowRoot.querySelectorAll('a').length") == 0
    assert src in browser.run("return a.shadowRoot.querySelector('p').textContent")
    browser.complaints()  # of the policy


@pytest.mark.parametrize("src", ["http://[bad", ""])
def test_no_address(show: Callable[..., Browser], site: Site, src: str) -> None:
    """What is no address is an error, asks for nothing, and does not keep the next from loading."""
    html = f'<kmq-img id="a" src="{src}"></kmq-img>'
    browser = show(html, {"b.kmq": kmcodec.encode(drawing(9, 9))})
    wait_for(browser, "a error")
    assert browser.run("return [a.complete, a.error.message]") == [True, "src is no address"]
    of_img = "return a.src === Object.assign(new Image(), { src: arguments[0] }).src"
    assert browser.run(of_img, src)
    assert browser.run("return a.shadowRoot.querySelector('p').checkVisibility()")
    assert browser.run("return a.shadowRoot.querySelectorAll('a').length") == 0
    assert site.requests.count("/index.html") == 1
    assert not [path for path in site.requests if "bad" in path]
    browser.run("a.src = 'b.kmq'")
    wait_for(browser, "a load")


def test_damaged_frame(show: Callable[..., Browser]) -> None:
    """A damaged frame is told when it is reached, and those ahead of it are shown."""
    data = moving(4)
    damaged = data[:-5] + bytes([data[-5] ^ 1]) + data[-4:]
    browser = show('<kmq-img id="a" src="a.kmq" paused></kmq-img>', {"a.kmq": damaged})
    wait_for(browser, "a load")
    browser.run("a.currentFrame = 2")
    assert (seen(browser) == rgba(data, 2)).all()
    browser.run("a.currentFrame = 3")
    assert browser.run("return [a.error.name, heard]") == ["ChecksumError", ["a load", "a error"]]


def test_content_in_place_of_the_link(show: Callable[..., Browser]) -> None:
    """What is inside the element is seen before it is known, and where the file is not shown."""
    html = '<kmq-img id="a" src="a.kmq"><b id="b">Instead</b></kmq-img>'
    browser = show(html, {"a.kmq": b"bad"})
    wait_for(browser, "a error")
    assert browser.run("return b.checkVisibility()")
    browser = show(html, {"a.kmq": kmcodec.encode(drawing(9, 9))})
    wait_for(browser, "a load")
    assert not browser.run("return b.checkVisibility()")


def test_without_wasm(show: Callable[..., Browser], site: Site) -> None:
    """Where the policy allows no WebAssembly, pictures are decoded in JavaScript."""
    site.policy = site.policy.replace("'wasm-unsafe-eval'", "")
    data = moving(3)
    browser = show('<kmq-img id="a" src="a.kmq" paused></kmq-img>', {"a.kmq": data})
    wait_for(browser, "a load")
    browser.run("a.currentFrame = 2")
    assert (seen(browser) == rgba(data, 2)).all()
    browser.complaints()  # of the policy


def test_removed_and_moved(show: Callable[..., Browser], site: Site) -> None:
    """What is removed lets go of its picture, and loads it again; what is moved keeps it."""
    data = moving(3)
    html = '<kmq-img id="a" src="a.kmq"></kmq-img><div id="b"></div>'
    browser = show(html, {"a.kmq": data})
    wait_for(browser, "a load")
    browser.run("b.append(a)")
    assert browser.run("return [a.naturalWidth, a.paused]") == [24, False]
    browser.run("window.kept = a; a.remove()")
    assert browser.run("return [kept.naturalWidth, kept.frameCount, kept.paused]") == [0, 0, True]
    browser.run("heard.length = 0; b.append(kept)")
    wait_for(browser, "a load")
    assert site.requests.count("/a.kmq") == 2


def test_another_file(show: Callable[..., Browser]) -> None:
    """Another `src` shows another file, even while the first one arrives or after a fault."""
    first, second = kmcodec.encode(drawing(9, 9)), moving(3)
    files = {"a.kmq": first, "b.kmq": second, "c.kmq": b""}
    browser = show('<kmq-img id="a" src="c.kmq"></kmq-img>', files)
    wait_for(browser, "a error")
    browser.run("a.src = 'b.kmq'; a.src = 'a.kmq'")
    wait_for(browser, "a load")
    assert (seen(browser) == rgba(first)).all()
    assert browser.run("return [a.error, heard]") == [None, ["a error", "a load"]]
    browser.run("a.src = 'b.kmq'")
    browser.wait_for("a.frameCount === 3")


def test_made_by_a_script(show: Callable[..., Browser]) -> None:
    """Elements made by a script are as those of the page."""
    data = kmcodec.encode(drawing(9, 7))
    browser = show("<p>text</p>", {"a.kmq": data})
    browser.wait_for("!!customElements.get('kmq-img')")
    browser.run(
        """
        const made = document.createElement("kmq-img");
        Object.assign(made, { id: "a", src: "a.kmq", alt: "A drawing" });
        document.body.append(made);
        """
    )
    wait_for(browser, "a load")
    assert (seen(browser) == rgba(data)).all()
