"""The command ``kmq-report``: where the page goes, and what is told when there is none."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from commands import (
    EXIF,
    TOOLS,
    FakeStandard,
    Terminal,
    damage,
    exit_code,
    needs_full_device,
    run_tool,
)
from helpers import gradient
from PIL import Image

import kmcodec
from kmcodec.cli import report, reporting

pytestmark = pytest.mark.usefixtures("place")


def told(name):
    """Return the numbers in a page."""
    text = Path(name).read_text("utf-8")
    return json.loads(re.search('id="report">(.*?)</script>', text)[1])


def test_the_page_is_beside_the_picture():
    """It has the picture's name, and is about what kmq-convert writes by the same options."""
    assert report.main(["-k", "5", "a.png"]) == 0
    numbers = told("a.html")

    assert numbers["bytes"] == len(kmcodec.encode(Image.open("a.png"), 5))
    assert numbers["name"] == "a.png"
    assert numbers["colors"] == 5


def test_a_kmq_is_shown_as_it_is():
    """Its bytes are counted, and nothing is encoded; with options its picture is encoded anew."""
    assert report.main(["a.kmq"]) == 0
    assert told("a.html")["bytes"] == Path("a.kmq").stat().st_size
    assert told("a.html")["psnr"] is told("a.html")["oklab"] is None
    assert report.main(["-f", "-k", "9", "a.kmq"]) == 0
    assert told("a.html")["colors"] == 9
    assert told("a.html")["psnr"] > 0


def test_pipes(monkeypatch):
    """A picture from standard input is written to standard output, unless a name is given."""
    result = run_tool("kmq-report", "-", input=Path("a.kmq").read_bytes())
    assert (result.returncode, result.stderr) == (0, b"")
    assert result.stdout.startswith(b"<!doctype html>")
    assert b"<h1>standard input</h1>" in result.stdout
    monkeypatch.setattr(sys, "stdin", FakeStandard(Path("a.png").read_bytes()))
    assert report.main(["-", "-o", "b.html"]) == 0
    assert told("b.html")["width"] == 128


def test_a_terminal_is_no_place_for_a_page(monkeypatch):
    """It is refused, unless -f says so."""
    monkeypatch.setattr(sys, "stdout", output := FakeStandard())
    output.buffer = Terminal()
    assert report.main(["a.png", "-o", "-"]) == 4
    assert output.buffer.getvalue() == b""
    assert report.main(["a.kmq", "-f", "-o", "-"]) == 0
    assert output.buffer.getvalue().startswith(b"<!doctype html>")


def test_nothing_is_replaced_unasked(capsys):
    """An old page stays, whoever wrote it, and so does the input; -f replaces the page alone."""
    Path("a.html").write_text("old")
    assert report.main(["a.png"]) == 4
    assert capsys.readouterr().err == "kmq-report: a.html: exists; -f replaces it\n"
    assert Path("a.html").read_text() == "old"
    before = Path("a.png").read_bytes()
    assert report.main(["-f", "a.png", "-o", "a.png"]) == 4
    assert Path("a.png").read_bytes() == before
    assert report.main(["-f", "a.png"]) == 0
    assert told("a.html")["colors"] == 16


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["missing.png"], 1, "missing.png: No such file or directory"),
        (["text"], 3, "text: not an image of a format that Pillow knows"),
        (["bad.kmq"], 3, "bad.kmq: "),
        (["-k", "4", "bad.kmq"], 3, "bad.kmq: "),
        (["--max-pixels", "9", "a.png"], 1, "a.png: 128x128 are more than 9 pixels; --max-pixels"),
        (["--max-pixels", "9", "a.kmq"], 1, "a.kmq: 128x128 are more than 9 pixels; --max-pixels"),
        (["-k", "2", "--psnr", "90-90", "a.png"], 99, "a.png: 2 colors reach a PSNR of"),
        (["-k", "2", "--exact", "a.png"], 99, "a.png: the picture has 16 colors"),
        (["deep.png"], 1, "deep.png: cannot write mode I;16 as KMQ"),
        (["a.png", "-o", "folder"], 2, "folder: is a directory, and the page is a file"),
        (["a.png", "-o", "none/a.html"], 1, "none/a.html: No such file or directory"),
        (["file://a.png"], 2, "file://a.png: a URL of a local file has three slashes"),
        (["--palette-from", "b.gpl", "a.png"], 1, "b.gpl: No such file or directory"),
    ],
)
def test_failures_are_one_line(capsys, arguments, code, message):
    """Each has the exit code and the words of kmq-convert, and leaves no page."""
    Path("text").write_text("no picture")
    Path("folder").mkdir()
    Path("bad.kmq").write_bytes(Path("a.kmq").read_bytes())
    damage("bad.kmq")
    Image.fromarray(np.zeros((2, 2), np.uint16)).save("deep.png")
    assert report.main(arguments) == code
    shown = capsys.readouterr()
    assert shown.err.startswith(f"kmq-report: {message}")
    assert shown.err.count("\n") == 1
    assert not list(Path.cwd().rglob("*.html"))


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["a.png", "b.png"],
        [""],
        ["a.png", "-o", ""],
        ["-k", "0", "a.png"],
        ["a.png", "--pn", "x"],
    ],
)
def test_wrong_usage(capsys, arguments):
    """It is told as by the other commands."""
    assert exit_code(report.main, *arguments) == 2
    assert "usage: kmq-report" in capsys.readouterr().err


@needs_full_device
def test_a_full_disk():
    """That the page cannot be written is told in one line."""
    with Path("/dev/full").open("wb") as full:
        command = [sys.executable, str(TOOLS / "kmq-report"), "a.kmq", "-f", "-o", "-"]
        pipes = {"stdout": full, "stderr": subprocess.PIPE}
        result = subprocess.run(command, **pipes, check=False, timeout=60)
    assert result.returncode == 1
    assert result.stderr == b"kmq-report: standard output: No space left on device\n"


def test_pictures_are_upright():
    """They are turned as EXIF says, as people know them."""
    Image.fromarray(gradient(30, 20)).save("turned.png", exif=EXIF)
    assert report.main(["turned.png"]) == 0
    assert (told("turned.html")["width"], told("turned.html")["height"]) == (20, 30)


def test_frames_are_told_of(capsys):
    """Of several the first is shown, with a warning that -q leaves out."""
    first, *others = (Image.fromarray(np.roll(gradient(30, 20), n, axis=1)) for n in range(3))
    first.save("b.gif", save_all=True, append_images=others)
    kmcodec.save_frames([first, *others], "c.kmq")
    for name in ("b.gif", "c.kmq"):
        assert report.main([name]) == 0
        shown = capsys.readouterr().err
        assert shown == f"kmq-report: {name}: warning: 3 frames, of which the first is shown\n"
        assert report.main(["-q", "-f", name]) == 0
        assert capsys.readouterr().err == ""
    assert told("b.html")["frames"] == 1
    assert told("c.html")["frames"] == 3


def test_a_title_shows_no_password():
    """Of a URL it has the name alone, without a signature."""
    names = ["https://me:word@host/dir/a.png?sign=secret", "dir/a.png", "a.png/"]
    assert [reporting.title(name) for name in names] == ["a.png?***", "a.png", "a.png"]


def test_a_killed_encoder_leaves_the_old_page(monkeypatch):
    """Whatever ends the command while a page is made, the old one is there."""
    Path("a.html").write_text("old")

    def fail(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(reporting, "make_page", fail)
    assert report.main(["-f", "a.png"]) == 130
    assert Path("a.html").read_text() == "old"
    assert sorted(path.name for path in Path.cwd().iterdir()) == ["a.html", "a.kmq", "a.png"]


def test_figures_take_matplotlib(place):
    """Without it that is told before anything is written."""
    missing = "raise ModuleNotFoundError('none', name='matplotlib')"
    Path("matplotlib.py").write_text(missing)
    environment = os.environ | {"PYTHONPATH": str(place)}
    result = run_tool("kmq-report", "--png", "out", "a.png", env=environment)

    assert result.returncode == 1
    assert result.stderr.decode() == (
        "kmq-report: out: figures take matplotlib: pip install 'kmcodec[report]'\n"
    )
    assert not Path("a.html").exists()


def test_figures_are_of_the_same_colors(monkeypatch, capsys):
    """--png and --gif draw beside the page, and replace nothing unasked."""
    figures = pytest.importorskip("kmcodec.report.figures", exc_type=ModuleNotFoundError)

    def draw(image, colors, folder, *, seed, **_):
        drawn.append((image.size, colors, str(folder), seed))
        Path(folder, figures.ANIMATIONS[0]).touch()

    drawn = []
    Path("out").mkdir()
    for name in ("write_figures", "write_animations"):
        monkeypatch.setattr(figures, name, draw)
    assert report.main(["-k", "4", "--seed", "7", "--png", "out", "--gif", "out", "a.png"]) == 0
    assert drawn == [((128, 128), 4, "out", 7)] * 2
    Path("a.html").unlink()
    assert report.main(["--gif", "out", "a.png"]) == 4
    assert capsys.readouterr().err.endswith(": exists; -f replaces it\n")
    assert not Path("a.html").exists()
    assert report.main(["-f", "--gif", "out", "a.png"]) == 0
    assert drawn[-1] == ((128, 128), 256, "out", 0)


@pytest.mark.parametrize(
    ("folder", "error"),
    [
        ("file", "file: is no directory, and there are several figures"),
        ("-", "-: is no directory, and there are several figures"),
        ("out", "out/7-beside.png: is a directory, and a figure is a file"),
    ],
)
def test_figures_that_cannot_be_written(folder, error, capsys):
    """What is in their way is told of before anything is done."""
    pytest.importorskip("kmcodec.report.figures", exc_type=ModuleNotFoundError)
    Path("file").touch()
    Path("out/7-beside.png").mkdir(parents=True)
    assert report.main(["-f", "-k", "4", "--png", folder, "a.png"]) == 2
    assert capsys.readouterr().err == f"kmq-report: {error}\n"
    assert not Path("a.html").exists()


def test_a_directory_is_no_picture(capsys):
    """Though one of frames can be converted."""
    Path("frames").mkdir()
    assert report.main(["frames"]) == 2
    assert capsys.readouterr().err == (
        "kmq-report: frames: is a directory, and a report is of one file\n"
    )
