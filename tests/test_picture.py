"""Test the conversion of one picture by its task, and what is reported of it."""

import os
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from commands import FakeStandard, posix, same
from helpers import picture
from PIL import Image

import kmcodec
from kmcodec.conversion.faults import Exit
from kmcodec.conversion.picture import convert_picture
from kmcodec.conversion.task import Settings, Task

pytestmark = pytest.mark.usefixtures("place")


def convert(name, output=None, to=None, if_exists="error", **settings):
    """Convert a picture, and return the report without how long it took."""
    report = convert_picture(Task(name, output, to, if_exists), Settings(**settings))
    assert report.seconds > 0
    return replace(report, seconds=0)


@pytest.fixture
def noise(place):
    """Make a picture that no format but packed KMQ has in few bytes; return how many."""
    kmcodec.save(picture(30, 30, 256), "noise.kmq", coding="packed")
    return (place / "noise.kmq").stat().st_size


def test_what_is_reported():
    """All facts of the picture, and of both files."""
    report = convert("a.png", "b.kmq")
    size, old = Path("b.kmq").stat().st_size, Path("a.png").stat().st_size

    assert report.as_json() == {
        "input": "a.png",
        "output": "b.kmq",
        "status": "converted",
        "reason": None,
        "error": None,
        "warnings": (),
        "format": "KMQ",
        "width": 128,
        "height": 128,
        "mode": "RGB",
        "frames": 1,
        "input_bytes": old,
        "bytes": size,
        "larger": False,
        "colors": 16,
        "psnr": None,
        "exact": True,
        "loss": None,
        "seconds": 0,
    }


def test_a_default_name():
    """It is reported, too."""
    Path("a.kmq").unlink()
    assert convert("a.png").output == "a.kmq"


def test_local_urls(place):
    """They are paths, of inputs and outputs."""
    report = convert(f"file://{place}/a.png", f"file://{place}/b.kmq")
    assert (report.input, report.output) == (f"{place}/a.png", f"{place}/b.kmq")
    assert same("a.png", "b.kmq")
    report = convert("file://host/a.png")
    assert report.error["name"] == "file://host/a.png"
    assert report.code == Exit.USAGE


@pytest.mark.parametrize(
    ("name", "output", "code", "about"),
    [
        ("no.png", "b.kmq", 1, "no.png"),
        ("a.png", "no/b.kmq", 1, "no/b.kmq"),
        ("a.png", "a.png/b.kmq", 1, "a.png/b.kmq"),
        ("a.png", "a.kmq", 4, "a.kmq"),
        ("a.png", "b.jpg", 2, "a.png"),
        ("bad.png", "b.kmq", 3, "bad.png"),
        ("a\0.png", "b.kmq", 3, "a\0.png"),
        ("a.png", "b\0.kmq", 3, "b\0.kmq"),
        ("a.png", "x" * 300 + ".kmq", 1, "x" * 300 + ".kmq"),
    ],
)
def test_failures_are_reports(name, output, code, about):
    """With the file that each is about, in one sentence; nothing is left of them."""
    Path("bad.png").write_bytes(b"bad")
    before = {path: path.read_bytes() for path in Path().iterdir()}
    report = convert(name, output)

    assert (report.status, report.code, report.error["name"]) == ("failed", code, about)
    assert report.error["message"]
    assert "\n" not in report.error["message"]
    assert {path: path.read_bytes() for path in Path().iterdir()} == before


def test_warnings_are_reported():
    """And not shown."""
    frames = [Image.fromarray(picture(9, 9, 5, seed=seed)) for seed in range(3)]
    kmcodec.save_frames(frames, "m.kmq")
    report = convert("m.kmq", "m.bmp")
    assert report.frames == 1
    assert report.warnings == ("BMP holds one picture: frame 0 is converted, 2 frames left out",)


@pytest.mark.parametrize(("if_larger", "status"), [("keep", "converted"), ("skip", "skipped")])
def test_an_output_that_is_larger(noise, if_larger, status):
    """It is there only if it is kept."""
    report = convert("noise.kmq", "b.bmp", if_larger=if_larger)
    assert (report.status, report.larger) == (status, True)
    assert Path("b.bmp").exists() == (if_larger == "keep")
    if if_larger == "skip":
        assert report.bytes is None
        assert report.reason == f"the output would be larger than {noise:,} bytes"
    else:
        assert report.bytes == Path("b.bmp").stat().st_size > noise


def test_an_output_as_large_as_the_input(noise):
    """It is not larger."""
    report = convert("noise.kmq", "b.kmq", if_larger="skip", options={"coding": "packed"})
    assert (report.status, report.bytes, report.larger) == ("converted", noise, False)


def test_an_output_that_is_larger_leaves_the_old_one(noise):
    """Though it was to be replaced."""
    Path("b.bmp").write_bytes(b"old")
    report = convert("noise.kmq", "b.bmp", if_larger="skip", if_exists="overwrite")
    assert report.status == "skipped"
    assert Path("b.bmp").read_bytes() == b"old"
    assert noise


@pytest.mark.usefixtures("noise")
def test_a_copy():
    """It has the name of the input, where the output would be, in directories made for it."""
    settings = {"if_larger": "copy", "make_parents": True}
    report = convert("noise.kmq", "x/y/b.bmp", **settings)
    assert (report.status, report.output) == ("copied", "x/y/noise.kmq")
    assert report.bytes == report.input_bytes
    assert Path("x/y/noise.kmq").read_bytes() == Path("noise.kmq").read_bytes()
    assert not Path("x/y/b.bmp").exists()

    assert convert("noise.kmq", "x/y/b.bmp", **settings).code == Exit.REFUSED
    assert convert("noise.kmq", "x/y/b.bmp", if_exists="skip", **settings).status == "skipped"
    assert convert("noise.kmq", "x/y/b.bmp", if_exists="overwrite", **settings).status == "copied"


@pytest.mark.usefixtures("noise")
@pytest.mark.parametrize("output", ["b.bmp", "./b.bmp", "../{}/b.bmp"])
def test_a_copy_of_an_input_over_itself(output, place):
    """There is none, by whichever path."""
    before = Path("noise.kmq").stat()
    for if_exists in ("error", "overwrite"):
        report = convert(
            "noise.kmq", output.format(place.name), if_larger="copy", if_exists=if_exists
        )
        assert report.status == "skipped"
    assert Path("noise.kmq").stat() == before


@pytest.mark.parametrize("if_exists", ["error", "skip", "newer", "overwrite"])
@pytest.mark.parametrize("age", [-1, 0, 1])
def test_times_decide_what_is_newer(if_exists, age):
    """To the nanosecond, or nearly so."""
    os.utime("a.kmq", ns=(10**18, 10**18))
    os.utime("a.png", ns=(10**18, 10**18 + age * 1000))
    replaced = if_exists == "overwrite" or (if_exists == "newer" and age == 1)
    before = Path("a.kmq").read_bytes()
    report = convert("a.png", "a.kmq", if_exists=if_exists, options={"colors": 3})

    assert (report.status == "converted") == replaced
    assert (Path("a.kmq").read_bytes() != before) == replaced
    if report.status == "skipped":
        assert report.reason.startswith("exists")
    elif not replaced:
        assert report.error["message"] == "exists; -f replaces it"


@pytest.mark.parametrize("if_exists", ["skip", "newer", "error"])
def test_an_existing_output_is_seen_before_the_input_is_read(if_exists):
    """So a run over many of them is quick, and a bad input is no matter."""
    Path("a.png").write_bytes(b"bad")
    os.utime("a.kmq", (2e9, 2e9))
    report = convert("a.png", "a.kmq", if_exists=if_exists)
    assert report.code == (4 if if_exists == "error" else 0)


def test_times_are_kept():
    """Those of access, too, from before this was one, to the nanosecond."""
    os.utime("a.png", ns=(10**18 + 1, 10**18 + 3))
    convert("a.png", "b.kmq", preserve_times=True)
    convert("a.png", "c.kmq")
    state = Path("b.kmq").stat()
    assert (state.st_atime_ns, state.st_mtime_ns) == (10**18 + 1, 10**18 + 3)
    assert Path("c.kmq").stat().st_mtime_ns > 10**18 + 3


def test_times_of_pipes(monkeypatch):
    """They have none, and no file of that name gets any."""
    Path("-").write_bytes(b"old")
    before = Path("-").stat()
    monkeypatch.setattr(sys, "stdin", FakeStandard(Path("a.png").read_bytes()))
    monkeypatch.setattr(sys, "stdout", FakeStandard())
    os.utime("a.png", (1, 1))
    assert convert("a.png", "-", if_exists="overwrite", preserve_times=True).code == 0
    assert convert("-", "b.kmq", preserve_times=True).code == 0
    assert Path("-").stat() == before
    assert same("b.kmq", "a.png")


@posix
def test_the_input_in_place_of_the_output():
    """By a hard link, or a symbolic one, it is never replaced by another format."""
    Path("a.kmq").unlink()
    before = Path("a.png").read_bytes()
    for link in (lambda: os.link("a.png", "a.kmq"), lambda: Path("a.kmq").symlink_to("a.png")):
        link()
        for if_exists in ("error", "skip", "newer"):
            assert convert("a.png", "a.kmq", if_exists=if_exists).code == Exit.REFUSED
        report = convert("a.png", "a.kmq", if_exists="overwrite")
        assert (report.status == "converted") == (not Path("a.kmq").is_symlink())
        assert Path("a.png").read_bytes() == before
        Path("a.kmq").unlink()


def test_a_dry_run():
    """It opens the input, and tells what would be."""
    report = convert("a.png", "x/b.kmq", dry_run=True, make_parents=True)
    assert (report.status, report.format, report.bytes) == ("planned", "KMQ", None)
    assert convert("no.png", "x/b.kmq", dry_run=True).code == 1
    assert convert("a.png", "a.kmq", dry_run=True).code == 4
    assert not Path("x").exists()


def test_what_is_lost_is_counted_if_that_is_wanted():
    """As it takes time."""
    options = {"options": {"colors": 4}}
    assert convert("a.png", "b.kmq", **options).loss is None
    assert convert("a.png", "c.kmq", **options, describe_loss=True).loss.startswith("16 colors")
    assert convert("a.png", "d.kmq", describe_loss=True).loss is None


def test_a_picture_of_another_name_than_its_format():
    """Content tells what an input is."""
    Path("a.png").replace("b.kmq")
    report = convert("b.kmq", "c.kmq")
    assert report.status == "converted"
    Path("a.kmq").replace("b.png")
    assert convert("b.png", "d.png").status == "converted"
    assert same("c.kmq", "d.png")
