"""Test what is shown on a terminal while work is done, and that it is shown nowhere else."""

import sys
from functools import partial
from io import StringIO
from pathlib import Path

import pytest
import tqdm

from kmcodec.cli import convert, progress
from kmcodec.cli.progress import FileBar, show_files, show_stages

pytestmark = pytest.mark.usefixtures("place")


class Watched(StringIO):
    """A terminal."""

    def isatty(self):
        return True


@pytest.fixture
def terminal(monkeypatch, capsys):
    """Let somebody look, and bars be shown at once; return what returns what is shown."""
    for module in (progress, convert):
        monkeypatch.setattr(module, "is_watched", lambda: True)
    monkeypatch.setattr(progress, "_DELAY", 0)
    monkeypatch.setattr(tqdm, "tqdm", partial(tqdm.tqdm, mininterval=0, miniters=1))
    return lambda: capsys.readouterr().err


@pytest.fixture
def no_bars(monkeypatch):
    """Let it be a fault to make a bar."""
    monkeypatch.setattr(tqdm, "tqdm", None)


def test_stages(terminal):
    """Each is shown with how much of it is done."""
    with show_stages(quiet=False) as show:
        for stage, total in (("colors", 4), ("coding", 2)):
            for done in range(total + 1):
                show(stage, done, total)
    shown = terminal()
    for text in ("colors: ", "0/4", "4/4", "coding: ", "0/2", "2/2"):
        assert text in shown
    assert shown.endswith("\r")  # and nothing of it is left


def test_files(terminal):
    """How many are done, and what was saved."""
    with show_files(quiet=False, count=lambda: 1000) as bar:
        for saved in range(1, 1001):
            bar.step(saved * 1000)
    shown = terminal()
    assert "/1000 [" in shown
    assert "bytes saved" in shown
    assert "file/s" in shown or "s/file" in shown
    assert shown.endswith("\r")


def test_lines_beside_a_bar(terminal):
    """Each is on a line of its own."""
    with show_files(quiet=False, count=lambda: 3) as bar:
        bar.step(0)
        with bar.aside(speaks=True):
            sys.stderr.write("a line\n")
        bar.step(0)
    assert "\ra line\n" in terminal()


@pytest.mark.usefixtures("no_bars")
@pytest.mark.parametrize("stream", [None, StringIO(), Watched()])
def test_nobody_looks(stream, monkeypatch):
    """Without a terminal, or with -q, files are not even counted."""
    monkeypatch.setattr(sys, "stderr", stream)
    quiet = isinstance(stream, Watched)
    with show_stages(quiet) as show:
        assert show is None
    with show_files(quiet, count=None) as bar:
        bar.step(7)
        with bar.aside(speaks=True):
            pass
    assert stream is None or stream.getvalue() == ""


def test_no_bar():
    """One that shows nothing takes all the same calls."""
    FileBar().step(1)
    with FileBar().aside(speaks=True):
        pass


@pytest.mark.usefixtures("terminal")
def test_a_terminal_that_is_gone(monkeypatch):
    """A window that was closed does not end the work."""
    monkeypatch.setattr(sys.stderr, "write", _fail)
    with show_files(quiet=False, count=lambda: 2) as bar:
        bar.step(1)
    with show_stages(quiet=False) as show:
        show("colors", 1, 2)


def _fail(*_):
    raise OSError(5, "Input/output error")


def test_the_command_shows_files(terminal):
    """Between them are the lines about files, and after them the summary."""
    Path("bad.png").write_bytes(b"bad")
    assert convert.main(["-v", "a.png", "bad.png", "--out-dir", "x"]) == 3
    lines = terminal().replace("\r", "\n").splitlines()
    told = [line for line in lines if line.startswith("kmq-convert: ")]
    assert any("/2 [" in line for line in lines)
    assert [line.split(": ")[1] for line in told] == ["a.png", "bad.png", "2 files"]


def test_the_command_shows_stages(terminal):
    """Of one picture."""
    assert convert.main(["-f", "-k", "4", "a.png"]) == 0
    shown = terminal()
    assert "\r" in shown
    assert "a.png: 16 colors reduced to 4" in shown


def test_the_command_shows_nothing_if_asked_to(terminal):
    """-q is quiet."""
    assert convert.main(["-q", "-f", "-k", "4", "a.png"]) == 0
    assert convert.main(["-q", "a.png", "--out-dir", "x"]) == 0
    assert terminal() == ""
