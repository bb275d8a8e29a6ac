"""Chromium without a window, and a server of what it opens."""

import base64
import shutil
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
PATIENCE = 20  # seconds after which it is a failure that something has not happened
STRICT_POLICY = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; \
img-src 'self'; connect-src 'self'"
TYPES = {
    ".css": "text/css",
    ".html": "text/html",
    ".js": "text/javascript",
    ".kmq": "image/x-kmq",
    ".mjs": "text/javascript",
    ".wasm": "application/wasm",
}


class Browser:
    """A tab. ``driver`` is Selenium's, for what is not here."""

    def __init__(self, driver: Any) -> None:
        self.driver = driver

    def open(
        self,
        page: str | Path,
        *,
        width: int = 1280,
        height: int = 900,
        theme: str = "light",
        motion: str = "no-preference",
    ) -> None:
        """Open an address or a file, on a screen of a size, for a user of such preferences."""
        screen = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
        preferences = {"prefers-color-scheme": theme, "prefers-reduced-motion": motion}
        features = [{"name": name, "value": value} for name, value in preferences.items()]
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
        self.driver.get(page.resolve().as_uri() if isinstance(page, Path) else page)

    def run(self, script: str, *arguments: object) -> Any:
        """Run a function's body in the page; what it returns may be a promise."""
        return self.driver.execute_script(script, *arguments)

    def bytes_of(self, script: str, *arguments: object) -> bytes:
        """Run a function's body that returns a Blob, or a promise of one, and return its bytes."""
        reading = """
        const blob = await (async function () { %s }).apply(null, given);
        const reader = new FileReader();
        await new Promise((done) => { reader.onload = done; reader.readAsDataURL(blob) });
        return reader.result;
        """
        url = self.run(f"return (async (given) => {{ {reading % script} }})(arguments)", *arguments)
        return base64.b64decode(url.partition(",")[2])

    def wait_for(self, expression: str, *arguments: object) -> Any:
        """Return the value of an expression once it is true, or fail."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            if value := self.run(f"return {expression}", *arguments):
                return value
            time.sleep(0.02)
        return pytest.fail(f"{expression} did not become true; {self.complaints()}")

    def find(self, selector: str) -> Any:
        """Return the first element of a CSS selector."""
        return self.driver.find_element("css selector", selector)

    def complaints(self) -> list[str]:
        """Return the warnings and errors on the console since the last call."""
        entries = self.driver.get_log("browser")
        return [entry["message"] for entry in entries if entry["level"] in ("WARNING", "SEVERE")]

    def screenshot(self, path: Path) -> None:
        """Write the whole page, beyond the screen too, as a PNG."""
        wanted = {"format": "png", "captureBeyondViewport": True}
        shot = self.driver.execute_cdp_cmd("Page.captureScreenshot", wanted)
        path.write_bytes(base64.b64decode(shot["data"]))


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """Start Chromium once for all tests, if it is there."""
    binary = next(filter(None, map(shutil.which, CHROMIUM)), None)
    chromedriver = shutil.which("chromedriver")
    if not binary or not chromedriver:
        pytest.skip("Chromium and its driver are not installed")
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = binary
    for argument in ("--headless", "--no-sandbox", "--disable-dev-shm-usage"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    service = webdriver.ChromeService(chromedriver)
    driver = webdriver.Chrome(options, service)
    yield driver
    driver.quit()


@pytest.fixture
def browser(chromium: Any) -> Iterator[Browser]:
    """Give a test an empty tab, on whose console nothing may be left that it has not asked for."""
    tab = Browser(chromium)
    tab.open("about:blank")
    tab.complaints()
    yield tab
    left = tab.complaints()
    tab.open("about:blank")  # which ends what still runs
    assert not left, left


class Site:
    """A server at ``address``, of ``pages`` by path, and of files below ``root``."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.root: Path | None = None
        self.pages: dict[str, bytes] = {}
        self.policy = STRICT_POLICY
        self.requests: list[str] = []
        self._halts: dict[str, tuple[int, threading.Event]] = {}

    def halt(self, path: str, count: int) -> threading.Event:
        """Send but the first bytes of a page, and the rest once the event is set."""
        self._halts[path] = count, threading.Event()
        return self._halts[path][1]

    def content(self, path: str) -> bytes | None:
        """Return a page or a file, or None for none."""
        if path in self.pages:
            return self.pages[path]
        file = self.root and (self.root / path.lstrip("/"))
        return file.read_bytes() if file and file.is_file() else None

    def parts(self, path: str, content: bytes) -> Iterator[bytes]:
        """Yield what is to be sent at once."""
        count, event = self._halts.get(path, (len(content), None))
        yield content[:count]
        if event:
            event.wait(PATIENCE)
            yield content[count:]

    def release(self) -> None:
        """Let go on what is halted."""
        for _, event in self._halts.values():
            event.set()


@pytest.fixture
def site() -> Iterator[Site]:
    """Start a server under a strict Content-Security-Policy."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            served.requests.append(path)
            content = served.content(path)
            if content is None:
                return self.send_error(404)
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.send_header("Content-Type", TYPES.get(Path(path).suffix, "text/plain"))
            self.send_header("Content-Security-Policy", served.policy)
            self.send_header("Cache-Control", "no-store")
            self.end_headers()
            try:
                for part in served.parts(path, content):
                    self.wfile.write(part)
                    self.wfile.flush()
            except ConnectionError:  # who has left the page wants no more of it
                self.close_connection = True
            return None

        def log_message(self, *_: object) -> None:
            """Tell nobody."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    served = Site(f"http://127.0.0.1:{server.server_port}")
    served.pages["/favicon.ico"] = b""
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield served
    served.release()
    server.shutdown()
    thread.join()
    server.server_close()
