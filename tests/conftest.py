"""Settings for all tests."""

import signal
import subprocess
from io import BytesIO
from pathlib import Path

import pytest
from browser import browser, chromium, site  # noqa: F401, fixtures
from helpers import picture
from hypothesis import HealthCheck, settings
from PIL import Image
from viewer_page import page  # noqa: F401, fixture

import kmcodec

# A shared machine may pause at any time, which is no fault of the code under test.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")


@pytest.fixture(scope="session", autouse=True)
def signals():
    """Obey signals as at a terminal, though a job in the background is started to ignore them."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if hasattr(signal, "SIGHUP"):
        signal.signal(signal.SIGHUP, signal.SIG_DFL)


@pytest.fixture
def launch():
    """Start commands in processes, and sessions, of their own, which do not survive the test."""
    started = []

    def start(command, **settings):
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        started.append(
            subprocess.Popen(command, text=True, start_new_session=True, **pipes, **settings)
        )
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture
def target(tmp_path):
    """Make a file with content, alone in its directory."""
    path = tmp_path / "x.kmq"
    path.write_bytes(b"old")
    return path


@pytest.fixture(scope="session")
def a_picture():
    """Make a picture (128 x 128, 16 colors) as bytes of a PNG, and of a .kmq, packed."""
    image = Image.fromarray(picture(128, 128, 16))
    image.save(png := BytesIO(), "PNG")
    return png.getvalue(), kmcodec.encode(image, coding="packed")


@pytest.fixture
def place(tmp_path, monkeypatch, a_picture):
    """Enter a folder with a picture as ``a.png`` and as ``a.kmq``."""
    monkeypatch.chdir(tmp_path)
    for name, data in zip(("a.png", "a.kmq"), a_picture, strict=True):
        Path(name).write_bytes(data)
    return tmp_path
