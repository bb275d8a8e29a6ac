"""The page of a report in Chromium: what its script does, with nothing on the console."""

import pytest
from helpers import photo, picture

from kmcodec.report import make_page, measure_picture

pytest.importorskip("selenium", reason="the browser is driven by kmcodec[test]")

from selenium.webdriver import ActionChains, Keys

pytestmark = pytest.mark.slow  # as it takes a browser

INKED = """
const canvas = document.getElementById("cloud");
const { width, height } = canvas;
const copy = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
copy.drawImage(canvas, 0, 0);
const { data } = copy.getImageData(0, 0, width, height);
let colored = 0;
for (let n = 0; n < data.length; n += 4) {
  const [red, green, blue] = data.subarray(n, n + 3);
  if (data[n + 3] && Math.max(red, green, blue) - Math.min(red, green, blue) > 30) colored++;
}
return [colored, canvas.toDataURL().length];
"""
CUT = "document.querySelector('.sheet').style.getPropertyValue('--cut')"
DRAWN = """
return new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done())));
"""
OVERLAPS = """
const parts = "h1, h2, table, figure.shown:not(.over), svg[role], canvas, .palette, .cards";
const boxes = [...document.querySelectorAll(parts)]
  .map((element) => element.getBoundingClientRect()).filter((box) => box.width);
return boxes.some((one, n) => boxes.slice(n + 1).some((other) =>
  Math.min(one.right, other.right) - Math.max(one.left, other.left) > 1 &&
  Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top) > 1));
"""


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """Write the page about a photograph."""
    path = tmp_path_factory.mktemp("report") / "a.html"
    path.write_bytes(make_page(measure_picture(photo(60, 40), 12, seeding="random"), "a.png"))
    return path


@pytest.fixture(scope="module")
def sheet(tmp_path_factory):
    """Write the page about a small picture, which is kept exactly."""
    path = tmp_path_factory.mktemp("report") / "b.html"
    path.write_bytes(make_page(measure_picture(picture(24, 8, 9, 4)), "b.png"))
    return path


def cloud(browser):
    """Return how many pixels of the cloud are colored, and what changes when it does."""
    browser.wait_for("document.getElementById('cloud').width > 300")
    browser.run(DRAWN)
    return browser.run(INKED)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_everything_is_in_its_place(browser, page, sheet, theme, width):
    """Nothing is wider than the screen or lies on something else, and no plot is empty."""
    for path in (page, sheet):
        browser.open(path, width=width, theme=theme)
        assert cloud(browser)[0] > 30
        assert browser.run("return document.documentElement.scrollWidth") <= width
        assert not browser.run(OVERLAPS)
        assert browser.run("return [...document.images].every((i) => i.complete && i.naturalWidth)")
        ink, paper = browser.run(
            "const { color, backgroundColor } = getComputedStyle(document.body);"
            "return [color, backgroundColor]"
        )
        levels = [sum(map(int, color[4:-1].split(","))) for color in (ink, paper)]
        assert (levels[0] > levels[1]) == (theme == "dark")


def test_the_divider(browser, page):
    """It moves by keys and by the pointer, and what is right of it is the decoded picture."""
    browser.open(page)
    divider = browser.find("#divider")
    places = [browser.run(f"return parseFloat({CUT})")]
    divider.send_keys(Keys.END)
    places.append(browser.run(f"return parseFloat({CUT})"))
    views = browser.find("#views")
    ActionChains(browser.driver).move_to_element(views).click().perform()
    places.append(browser.run(f"return parseFloat({CUT})"))

    width = browser.run("return document.querySelector('.sheet').offsetWidth")
    assert places == pytest.approx([width / 2, width, width / 2], abs=2)
    shown = [
        figure.get_attribute("id")
        for figure in browser.driver.find_elements("css selector", "figure.shown")
    ]
    assert shown == ["view-original", "view-decoded"]


def test_zoom_and_choice(browser, page):
    """Pixels get as large as is asked for, without smoothing; any picture is on either side."""
    browser.open(page)
    browser.find("#zoom option:nth-child(8)").click()
    browser.find("#right option[value=costs]").click()
    size = browser.run("return document.querySelector('.over img').getBoundingClientRect().width")

    assert size == 60 * 12
    assert browser.find("figure.over").get_attribute("id") == "view-costs"
    style = "return getComputedStyle(document.querySelector('.over img')).imageRendering"
    assert browser.run(style) == "pixelated"


def test_small_pictures_are_magnified_to_fit(browser, sheet):
    """By a whole number, so that all pixels are as large."""
    browser.open(sheet)
    width = browser.run("return document.querySelector('.sheet').offsetWidth")

    assert width > 24
    assert width % 24 == 0


def test_the_cloud_turns(browser, page):
    """Keys and the pointer turn it, and its colors go to their centroids."""
    browser.open(page)
    drawn = [cloud(browser)]
    browser.find("#cloud").send_keys(Keys.ARROW_LEFT, "+")
    drawn.append(cloud(browser))
    ActionChains(browser.driver).drag_and_drop_by_offset(browser.find("#cloud"), 40, 20).perform()
    drawn.append(cloud(browser))
    browser.find("#ways").click()
    drawn.append(cloud(browser))
    browser.find("#moved").send_keys(Keys.END)
    drawn.append(cloud(browser))

    assert len({length for _, length in drawn}) == 5


def test_without_script_all_that_stands_still_is_there(browser, page):
    """Pictures are beside one another, and no control that does nothing is shown."""
    browser.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        browser.open(page)
        assert not browser.find(".controls").is_displayed()
        assert all(
            figure.is_displayed()
            for figure in browser.driver.find_elements("css selector", "#views figure")
        )
        assert browser.find("noscript").text.startswith("The cloud takes the script")
    finally:
        browser.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


def test_a_page_from_a_server(browser, page, site):
    """Under a policy of the server's it looks the same, as long as it allows the page's own."""
    site.pages["/a.html"] = page.read_bytes()
    site.policy = (
        "default-src 'none'; img-src data:; script-src 'unsafe-inline'; style-src 'unsafe-inline'"
    )
    browser.open(f"{site.address}/a.html")

    assert cloud(browser)[0] > 30
    assert site.requests == ["/a.html"]
