"""The page that shows .kmq files: what is in them, damage, and how it is laid out."""

from collections.abc import Callable
from pathlib import Path

import pytest
from browser import Browser
from commands import run_node
from helpers import picture
from PIL import Image, ImageCms
from viewer_page import moving, rows, saved, text

import kmcodec

pytestmark = pytest.mark.slow  # as it takes a browser

HERE = Path(__file__).resolve().parent
VECTORS = HERE.parent / "spec" / "vectors"


@pytest.mark.slow
def test_parts_in_node() -> None:
    """Node's own test runner passes all tests of what the page finds in files."""
    done = run_node("--test", HERE / "viewer" / "page.test.mjs")
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr


def test_header_and_parts(page: Callable[..., Browser]) -> None:
    """The fields and parts of the specification's example are listed with offsets and checks."""
    browser = page({"a.kmq": (VECTORS / "valid" / "two_bands.kmq").read_bytes()})
    assert rows(browser, "#header")[6:] == [
        ["12", "height", "03 00 00 00", "3"],
        ["16", "color_count", "01 00", "2"],
        ["18", "band_rows", "01 00", "2"],
    ]
    assert rows(browser, "#parts")[-3:] == [
        ["67", "head checksum", "4", "right"],
        ["71", "band 0", "10", "right"],
        ["81", "band 1", "9", "right"],
    ]


def test_metadata(page: Callable[..., Browser]) -> None:
    """Texts are shown, dpi and orientation are told, profiles are named, and all can be saved."""
    exif = Image.Exif()
    exif[0x0112] = 6
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    text_in_it = "<b>Two</b> lines\nof é"
    data = kmcodec.encode(
        picture(3, 2, 4),
        comment=text_in_it,
        dpi=(300, 150.5),
        exif=exif.tobytes(),
        icc_profile=profile,
        xmp=b"<x/>",
    )
    browser = page({"a.kmq": data})
    shown = text(browser, "#entries")
    assert text_in_it in shown
    assert "300 across, 150.5 down" in shown
    assert "to be turned right" in shown
    assert "sRGB" in shown
    assert "<x/>" in shown
    assert saved(browser, "#entries button[aria-label='Save icc_profile']") == (
        "icc_profile",
        profile,
    )


def test_damaged_files(page: Callable[..., Browser]) -> None:
    """Of a damaged file the fault is told, and its parts up to it; the next file is shown again."""
    whole = (VECTORS / "valid" / "two_bands.kmq").read_bytes()
    for data, kind, name, last in (
        (whole[:75] + b"\x61" + whole[76:], "damaged", "ChecksumError", "band 0"),
        (whole[:82], "end of the file is missing", "TruncatedError", "band 0"),
        (whole + b"!", "damaged", "FormatError", "band 1"),
        (b"GIF89a", "not a .kmq file", "SignatureError", None),
        (b"", "not a .kmq file", "SignatureError", None),
    ):
        browser = page({"bad.kmq": data})
        fault = text(browser, "#fault")
        assert kind in fault
        assert name in fault
        assert text(browser, "#status") == "bad.kmq cannot be shown"
        assert not browser.find("#stage").is_displayed()
        parts = rows(browser, "#parts")
        assert (parts[-1][1] if parts else None) == last
        page({"good.kmq": whole})
        assert text(browser, "#status").startswith("good.kmq: 4 x 3")
        assert not browser.find("#fault").is_displayed()
        assert browser.find("#stage").is_displayed()


def test_fault_in_a_payload(page: Callable[..., Browser]) -> None:
    """A fault that no checksum tells is met by decoding."""
    browser = page(
        {"a.kmq": (VECTORS / "invalid" / "modelled_payload_trailing_byte.kmq").read_bytes()}
    )
    assert "FormatError" in text(browser, "#fault")
    assert "payload" in text(browser, "#fault")


def test_names_for_all(page: Callable[..., Browser]) -> None:
    """All that one can act on has a name for those who do not see it, and so has the picture."""
    browser = page({"a.kmq": moving(3), "b.kmq": moving(3)})
    tree = browser.driver.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
    named = {}
    for node in tree:
        if not node["ignored"]:
            role = node["role"]["value"]
            named.setdefault(role, []).append(node.get("name", {}).get("value", ""))
    for role in ("button", "slider", "combobox", "image", "navigation", "region"):
        assert named[role], role
        assert all(named[role]), role
    assert named["image"] == ["a.kmq: 24 x 16, RGB, 11 colors, 3 frames"]
    assert "Save PNG" in named["button"]


@pytest.mark.slow
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_layout(page: Callable[..., Browser], theme: str, width: int) -> None:
    """Nothing is wider than the screen, nothing overlaps, and text is legible in both themes."""
    data = (VECTORS / "valid" / "metadata_all.kmq").read_bytes()
    browser = page({"a.kmq": moving(3), "b.kmq": data}, theme=theme, width=width)
    for number in (1, 2):
        browser.find(f"#files li:nth-child({number}) button").click()
        browser.wait_for("document.querySelector('#status').textContent")
        assert browser.run("return document.documentElement.scrollWidth <= innerWidth")
        assert browser.run(OVERLAPS) == []
    contrasts = browser.run(CONTRASTS)
    assert len(contrasts) > 20
    assert min(contrasts) >= 4.5


OVERLAPS = """
const seen = [...document.querySelectorAll("h1, h2, p, .button, .bar > *, #view, .scroll, dd, dt")]
  .filter((e) => e.checkVisibility() && !e.closest("#busy"));
const boxes = seen.map((e) => [e, e.getBoundingClientRect()]);
const overlap = (a, b) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1
  && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 1;
const pairs = [];
for (const [a, first] of boxes) {
  for (const [b, second] of boxes) {
    if (a !== b && !a.contains(b) && !b.contains(a) && overlap(first, second)) {
      pairs.push(`${a.outerHTML.slice(0, 60)} and ${b.outerHTML.slice(0, 60)}`);
    }
  }
}
return pairs;
"""
CONTRASTS = """
const numbers = (color) => color.match(/[\\d.]+/g).map(Number);
const luminance = (color) => numbers(color).slice(0, 3)
  .map((c) => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4))
  .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
const background = (e) => {
  for (; e; e = e.parentElement) {
    const color = getComputedStyle(e).backgroundColor;
    if (numbers(color)[3] !== 0) return color;
  }
};
return [...document.querySelectorAll("body *")]
  .filter((e) => e.checkVisibility() && !e.disabled
    && [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim()))
  .map((e) => [getComputedStyle(e).color, background(e)].map(luminance).sort((a, b) => b - a))
  .map(([light, dark]) => (light + 0.05) / (dark + 0.05));
"""
