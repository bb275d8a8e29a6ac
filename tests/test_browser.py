"""What tests of pages are written with: Chromium, and a server."""

from pathlib import Path

from browser import Browser, Site

PAGE = b"<!doctype html><meta name=viewport content=width=device-width><title>t</title>"


def test_preferences_of_the_user(browser: Browser, site: Site) -> None:
    """A page is opened on a screen of the width, for a user of the preferences, that are named."""
    site.pages["/x.html"] = PAGE
    asked = "return [innerWidth, matchMedia('(prefers-color-scheme: dark)').matches, \
matchMedia('(prefers-reduced-motion: reduce)').matches]"
    browser.open(f"{site.address}/x.html", width=390, theme="dark", motion="reduce")
    assert browser.run(asked) == [390, True, True]
    browser.open(f"{site.address}/x.html")
    assert browser.run(asked) == [1280, False, False]


def test_complaints_of_the_console(browser: Browser, tmp_path: Path) -> None:
    """Errors and warnings of a file's scripts are told once; what is only logged is not."""
    page = tmp_path / "x.html"
    page.write_bytes(PAGE + b"<script>console.log(1); console.warn('w'); throw Error('e')</script>")
    browser.open(page)
    warning, error = browser.complaints()
    assert '"w"' in warning
    assert "Error: e" in error
    assert browser.complaints() == []


def test_policy_of_the_site(browser: Browser, site: Site) -> None:
    """Under the server's policy, scripts of the site run, and those in a page do not."""
    site.pages["/x.html"] = PAGE + b"<script src=x.js></script><script>document.title = 2</script>"
    site.pages["/x.js"] = b"document.title = 1"
    browser.open(f"{site.address}/x.html")
    assert browser.driver.title == "1"
    (complaint,) = browser.complaints()
    assert "Content Security Policy" in complaint


def test_halted_page(browser: Browser, site: Site, tmp_path: Path) -> None:
    """What is halted arrives in two parts; a screenshot is a PNG."""
    site.pages["/x.html"] = PAGE + b"<script src=x.js></script>"
    site.root = tmp_path
    (tmp_path / "x.js").write_text(
        "let size = 0; fetch('y.kmq').then(async ({ body }) => {"
        "for await (const part of body) size += part.length; document.title = 'all' })"
    )
    site.pages["/y.kmq"] = bytes(9)
    event = site.halt("/y.kmq", 4)
    browser.open(f"{site.address}/x.html")
    browser.wait_for("size === 4")
    event.set()
    browser.wait_for("document.title === 'all' && size === 9")
    browser.screenshot(shot := tmp_path / "x.png")
    assert shot.read_bytes().startswith(b"\x89PNG")
