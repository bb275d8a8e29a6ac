"""The documentation site: its links lead somewhere, and a browser shows it without a network."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from browser import Browser, Site

import kmcodec

TOOLS = Path(__file__).resolve().parent.parent / "tools"
SITE = TOOLS / "docs" / "site"
OWN_FILES_ONLY = "default-src 'self' 'unsafe-inline' 'wasm-unsafe-eval' data: blob:"

pytest.importorskip("mkdocs", reason="the site takes kmcodec[docs]")


@pytest.fixture
def texts(monkeypatch: pytest.MonkeyPatch):
    """Import the module that makes pages of the texts."""
    monkeypatch.syspath_prepend(SITE)
    import texts

    yield texts
    del sys.modules["texts"]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the site, and return its folder."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, TOOLS / "kmq-docs", "--site", folder]
    subprocess.run(command, check=True, timeout=600, capture_output=True)
    return folder


def test_links_of_texts_lead_to_pages_and_pictures(texts):
    """What a link of the repository leads to is on the site, under its name there."""
    pages = texts.pages()
    known = {*pages, "viewer.html"}  # which is no text

    assert set(texts.PLACES.values()) <= known
    assert "(specification.md)" in pages["index.md"]
    assert "(pictures/parrots.png)" in pages["index.md"]
    assert "## label_mask.py {#label-mask}" in pages["examples.md"]
    for name, text in pages.items():
        if name.endswith(".md"):
            plain = re.sub(r"^(`{3,4}).*?^\1$", "", text, flags=re.DOTALL | re.MULTILINE)
            links = re.findall(r"\]\(([^)#:\s]+)[^):\s]*\)", plain)
            assert {link for link in links if link not in known} == set(), name


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Two:\n- a\n  b\n- c\n", "Two:\n\n- a\n  b\n- c\n"),
        ("Two:\n1. a\n2. c\n", "Two:\n\n1. a\n2. c\n"),
        ("- a\n- b\n", "- a\n- b\n"),
        ("w[i][j] is\n", "w[i]\\[j] is\n"),
        ("```c\nw[i][j] is\n- 1\n```\n", "```c\nw[i][j] is\n- 1\n```\n"),
    ],
)
def test_markdown_of_github_is_adapted(texts, text, expected):
    """Lists and subscripts mean the same on the site; code stays as it is."""
    assert texts._adapt(text) == expected


@pytest.mark.slow
def test_the_site_has_files_that_decode(built: Path):
    """Pictures and animations are whole, and reports and reference are there."""
    shown = sorted(built.joinpath("shown").glob("*.kmq"))

    assert len(shown) >= 6
    for path in shown:
        assert len(list(kmcodec.decode_frames(path))) >= 1
    for name in ("encode", "decode_frames", "Quantized", "Encoded"):
        assert f'id="kmcodec.{name}"' in built.joinpath("reference", "kmcodec.html").read_text()
    assert {path.name for path in built.joinpath("reports").iterdir()} == {
        "photograph.html",
        "sprites.html",
    }


@pytest.mark.slow
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_browser_shows_it_from_its_own_files(
    built: Path, browser: Browser, site: Site, theme: str
):
    """Pages load nothing from elsewhere, complain of nothing, and their .kmq files are drawn."""
    site.root, site.policy = built, OWN_FILES_ONLY
    for page in ("index", "gallery", "kmeans", "specification", "reference/kmcodec", "viewer"):
        for width in (1280, 390):
            browser.open(f"{site.address}/{page}.html", theme=theme, width=width)
            browser.wait_for("document.readyState === 'complete'")
            assert browser.run("return document.documentElement.scrollWidth <= innerWidth"), page
    browser.open(f"{site.address}/gallery.html", theme=theme)
    browser.run(
        "document.querySelectorAll('kmq-img').forEach((image) => (image.loading = 'eager'))"
    )
    browser.wait_for("[...document.querySelectorAll('kmq-img')].every((image) => image.complete)")
    sizes = "return [...document.querySelectorAll('kmq-img')].map((image) => image.naturalWidth)"
    assert min(browser.run(sizes)) >= 32
