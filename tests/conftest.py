"""Settings for all tests."""

import signal

import pytest
from helpers import picture
from hypothesis import HealthCheck, settings
from PIL import Image

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
def target(tmp_path):
    """Make a file with content, alone in its directory."""
    path = tmp_path / "x.kmq"
    path.write_bytes(b"old")
    return path


@pytest.fixture
def place(tmp_path, monkeypatch):
    """Enter a folder with ``a.png`` (128 x 128, 16 colors) and ``a.kmq`` of it, packed."""
    monkeypatch.chdir(tmp_path)
    image = Image.fromarray(picture(128, 128, 16))
    image.save("a.png")
    kmcodec.save(image, "a.kmq", coding="packed")
    return tmp_path
