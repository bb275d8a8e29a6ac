"""The page of a report: what is in it, and that nothing reaches out of it."""

import json
import os
import re
from base64 import b64decode, b64encode
from hashlib import sha256
from html.parser import HTMLParser
from io import BytesIO
from xml.etree import ElementTree

import numpy as np
import pytest
from helpers import gradient, photo, picture
from PIL import Image

import kmcodec
from kmcodec.report import make_page, measure_file, measure_picture, write_report
from kmcodec.report.charts import Axis, Chart
from kmcodec.report.numbers import numbers

EMPTY = {"meta", "link", "img", "input", "br"}
PHOTO = photo(60, 40)


class Page(HTMLParser):
    """A page, of which every element is closed.

    Attributes:
        elements: their names with their attributes.
        texts: of elements by name.
    """

    def __init__(self, page):
        super().__init__()
        self.elements, self.texts, self.open = [], {}, []
        self.feed(page.decode())
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        """Open an element."""
        self.elements.append((tag, dict(attrs)))
        if tag not in EMPTY:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        """Take one that is empty."""
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        """Close the last element."""
        assert self.open.pop() == tag

    def handle_data(self, data):
        """Keep a text by the element that it is in."""
        if self.open:
            self.texts.setdefault(self.open[-1], []).append(data)

    def all(self, tag):
        """Return the attributes of all elements of a name."""
        return [attributes for name, attributes in self.elements if name == tag]

    def image(self, key):
        """Return the pixels of a picture in the page."""
        marks = [("figure", f"view-{key}")]
        place = [(tag, given.get("id")) for tag, given in self.elements].index(*marks)
        source = self.elements[place + 1][1]["src"]
        data = b64decode(source.removeprefix("data:image/png;base64,"))
        with Image.open(BytesIO(data)) as image:
            return np.asarray(image.convert("RGBA" if image.has_transparency_data else "RGB"))


@pytest.fixture(scope="module")
def measures():
    """Measure a photograph in few colors."""
    return measure_picture(PHOTO, 12)


@pytest.fixture(scope="module")
def page(measures):
    """Read the page about it."""
    return Page(make_page(measures, "a.png"))


def test_the_page_shows_what_the_decoder_gives_back(page):
    """The pixels of both pictures are in it as they are."""
    assert (page.image("original") == PHOTO).all()
    assert (page.image("decoded") == kmcodec.decode(kmcodec.encode(PHOTO, 12))).all()
    assert page.image("errors").shape == page.image("costs").shape == (40, 60, 3)


def test_numbers_are_in_the_page(page, measures):
    """Programs find them as JSON, people in tables."""
    (told,) = (
        json.loads(text) for text in page.texts["script"] if text.startswith('{"schema_version"')
    )

    assert told == json.loads(json.dumps(numbers(measures, "a.png")))
    assert f"{told['bytes']:,}" in page.texts["td"]
    assert f"{told['psnr']:.2f} dB" in page.texts["dd"]


def test_nothing_comes_from_elsewhere(measures, page):
    """Sources are data, and the policy allows no other; scripts and styles by their hash alone."""
    text = make_page(measures, "a.png").decode()
    policy = next(m["content"] for m in page.all("meta") if "http-equiv" in m)
    allowed = dict(part.split(" ", 1) for part in policy.split("; "))
    style = re.search("<style>(.*?)</style>", text, re.DOTALL)[1]
    script = re.search("<script>(.*?)</script>", text, re.DOTALL)[1]

    assert allowed == {
        "default-src": "'none'",
        "img-src": "data:",
        "style-src": hashed(style),
        "script-src": hashed(script),
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    for _, attributes in page.elements:
        assert "style" not in attributes
        assert not [name for name in attributes if name.startswith("on")]
        for name in ("src", "href"):
            assert attributes.get(name, "data:").startswith("data:")
    assert "http" not in style + script


def hashed(text):
    """Return a hash as a policy has it."""
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


def test_pictures_have_texts(page):
    """Images, charts and the cloud say what they show, and controls what they are for."""
    assert all(image["alt"] for image in page.all("img"))
    for svg in page.all("svg"):
        assert svg.get("aria-label") or svg.get("aria-hidden")
    assert all(canvas["aria-label"] for canvas in page.all("canvas"))
    assert [attributes["lang"] for attributes in page.all("html")] == ["en"]
    assert page.elements.index(("label", {})) < page.elements.index(("select", {"id": "left"}))


def test_names_are_text():
    """What a file is called is no HTML, ends no script, and turns no text around."""
    name = "</script><img src=x onerror=alert(1)>&\N{RIGHT-TO-LEFT OVERRIDE}\udcff\n.png"
    page = make_page(measure_picture(picture(4, 4, 2)), name)
    read = Page(page)

    assert [image["src"][:5] for image in read.all("img")] == ["data:"] * 3
    assert "\N{RIGHT-TO-LEFT OVERRIDE}".encode() not in page
    (title,) = read.texts["h1"]
    assert title.startswith("</script><img src=x onerror=alert(1)>&\\u202e\\udcff\\n")
    told = next(json.loads(t) for t in read.texts["script"] if t.startswith('{"schema'))
    assert told["name"] == name


def test_sections_of_nothing_are_left_out():
    """An exact picture has no errors and no K-Means; a file alone no original; no plot is empty."""
    data = kmcodec.encode(PHOTO, 12)
    exact = Page(make_page(measure_picture(picture(9, 9, 1)), "x"))
    alone = Page(make_page(measure_file(data), "x"))

    keys = [[figure.get("id") for figure in page.all("figure")] for page in (exact, alone)]
    assert keys == [["view-original", "view-decoded", "view-costs"], ["view-decoded", "view-costs"]]
    for page in (exact, alone):
        assert "K-Means" not in page.texts["h2"]
    assert "Size against quality" not in exact.texts["h2"]
    assert "Size against quality" in alone.texts["h2"]


def test_frames_have_their_bytes():
    """Each is in a chart, or of very many the largest of each few; a still picture has none."""
    for count in (2, 900):
        frames = [np.full((2, 2), n % 7, np.uint8) for n in range(count)]
        data = bytes(kmcodec.encode_frames(frames))
        sizes = kmcodec.info(data).frame_bytes
        page = Page(make_page(measure_file(data), "x"))
        labels = [svg.get("aria-label", "") for svg in page.all("svg")]
        points = next(line["points"] for line in page.all("polyline"))

        assert f"Bytes of each of {count} frames, from {min(sizes)} to {max(sizes)}" in labels
        assert len(points.split()) == min(count, 400)
    assert "Frames" in page.texts["h2"]
    assert "Frames" not in Page(make_page(measure_file(kmcodec.encode(PHOTO, 2)), "x")).texts["h2"]


@pytest.mark.parametrize(
    "make",
    [
        lambda: measure_picture(picture(20, 20, 300), 300, speed=10),
        lambda: measure_picture(picture(20, 20, 9, 4)),
        lambda: measure_picture(np.zeros((3, 3, 4), np.uint8)),
        lambda: measure_picture(np.array([[True, False]])),
        lambda: measure_picture(np.zeros((1, 1), np.uint8)),
        lambda: measure_picture(PHOTO, 1),
        lambda: measure_picture(PHOTO, 300, seeding="random", speed=10),
        lambda: measure_file(bytes(kmcodec.encode_frames([gradient(9, 9)] * 2))),
        lambda: measure_file(
            kmcodec.encode_indexed(np.ones((2, 3), np.uint8), np.zeros((2, 2), int))
        ),
    ],
)
def test_pages_of_all_kinds(make):
    """Elements are closed and charts are XML, whatever the picture; no number is missing."""
    page = make_page(make(), "x")
    Page(page)
    for svg in re.findall("<svg.*?</svg>", page.decode(), re.DOTALL):
        ElementTree.fromstring(svg)
    assert b"nan" not in re.sub(b'base64,[^"]*|<script.*?</script>', b"", page, flags=re.DOTALL)


def test_pages_are_small():
    """A page has at most three times the bytes of its pictures, and 150 kB: 65536 colors too."""
    for pixels, colors in ((PHOTO, 12), (picture(80, 60, 900), 700), (picture(9, 9, 9), 256)):
        page = make_page(measure_picture(pixels, colors, speed=10, seeding="random"), "x")
        pictures = [len(b64decode(source["src"][22:])) for source in Page(page).all("img")[:2]]
        assert len(page) <= 3 * sum(pictures) + 150_000


def test_a_report_is_written_whole(tmp_path):
    """The title is the name of the picture; what fails leaves the old page."""
    image = Image.fromarray(picture(8, 8, 4))
    image.save(tmp_path / "b.png")
    with Image.open(tmp_path / "b.png") as opened:
        measures = write_report(opened, tmp_path / "b.html", 2)
    page = Page((tmp_path / "b.html").read_bytes())

    assert page.texts["h1"] == ["b.png"]
    assert len(measures.palette) == 2
    with Image.open(os.fsencode(tmp_path / "b.png")) as opened:
        write_report(opened, tmp_path / "b.html", speed=10)
    assert Page((tmp_path / "b.html").read_bytes()).texts["h1"] == ["b.png"]
    with pytest.raises(TypeError):
        write_report("b.png", tmp_path / "b.html")
    write_report(image, tmp_path / "c.html", name="other")
    assert Page((tmp_path / "c.html").read_bytes()).texts["h1"] == ["other"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["b.html", "b.png", "c.html"]


@pytest.mark.parametrize(
    ("values", "ticks"),
    [([0, 10], [0, 2, 4, 6, 8, 10]), ([0.1, 0.13], [0.1, 0.11, 0.12, 0.13]), ([5, 5], None)],
)
def test_axes_have_round_ticks(values, ticks):
    """All values are within the axis, and lines at round ones; one value is enough."""
    axis = Axis.of("x", values)

    assert all(0 < axis.place(value) < 1 for value in values)
    assert ticks is None or axis.ticks == pytest.approx(ticks)
    assert len(axis.ticks) >= 2


@pytest.mark.parametrize("values", [[1], [3, 900_000], [130, 170]])
def test_axes_of_ratios(values):
    """Equal ratios are as far apart."""
    axis = Axis.log("x", values)

    assert all(0 < axis.place(value) < 1 for value in values)
    assert axis.place(2 * values[0]) - axis.place(values[0]) == pytest.approx(
        axis.place(6 * values[0]) - axis.place(3 * values[0])
    )


def test_ticks_are_numbers_that_people_read():
    """Large ones have commas, and no rounding shows."""
    chart = Chart(Axis.of("x", [0, 3e6]), Axis.of("y", [0.1, 0.32]), "a chart")
    texts = [element.text for element in ElementTree.fromstring(chart.svg()).iter("text")]

    assert {"2,000,000", "0.15", "0.3"} <= set(texts)


def test_charts_tell_their_points():
    """A dot has a title, a label is text."""
    chart = Chart(Axis.of("x", [0, 1]), Axis.of("y", [0, 1]), 'a "chart"')
    chart.dot(0.5, 0.5, "<here>", label="<1>")
    svg = ElementTree.fromstring(chart.svg())

    assert svg.get("aria-label") == 'a "chart"'
    assert [element.text for element in svg.iter("title")] == ["<here>"]
    assert "<1>" in [element.text for element in svg.iter("text")]


def test_transparent_pixels_have_no_place_in_the_cloud():
    """The page says how the colors of the cloud were chosen, or that there are none."""
    pixels = np.zeros((8, 8, 4), np.uint8)
    assert b"All pixels are transparent" in make_page(measure_picture(pixels), "clear")
    pixels[0, :, 3], pixels[0, :, 0] = 255, np.arange(8)
    assert b"All colors that are not transparent, as points" in make_page(
        measure_picture(pixels), "seen"
    )


def test_numbers_are_never_in_scientific_notation():
    """Of a picture of one pixel, a file takes many bits a pixel."""
    page = make_page(measure_picture(np.zeros((1, 1, 3), np.uint8)), "one")
    assert not re.search(rb">[\d.]+e\+\d+", page)


def test_a_title_is_text(tmp_path):
    """Anything else is the caller's mistake, and nothing is written."""
    with pytest.raises(TypeError, match="name must be text or None, not int"):
        write_report(PHOTO, tmp_path / "x.html", 4, name=5)
    assert not (tmp_path / "x.html").exists()
