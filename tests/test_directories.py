"""Test directories of frames, which ``kmq-convert`` reads and writes."""

import os
import stat
import sys
from pathlib import Path

import numpy as np
import pytest
from commands import exit_code, posix
from helpers import picture
from PIL import Image

import kmcodec
from kmcodec import atomic
from kmcodec.cli import convert
from kmcodec.conversion import directories, reading

pytestmark = pytest.mark.usefixtures("place")
COUNT = 4


def frames_of(count=COUNT):
    """Make frames of few colors."""
    return [picture(12, 9, 7, seed=seed) for seed in range(count)]


@pytest.fixture
def kmq(place):
    """Save a moving .kmq as m.kmq, and return its frames."""
    kmcodec.save_frames(frames_of(), place / "m.kmq", duration=40)
    return frames_of()


def put(name, frames):
    """Save frames in a directory by names."""
    Path(name).mkdir()
    for file, frame in frames.items():
        Image.fromarray(frame).save(Path(name) / file)


def decoded(name):
    """Return the pixels of all frames of a .kmq."""
    return [frame.pixels for frame in kmcodec.decode_frames(name)]


def told(capsys):
    """Return what is told on standard error since the last time."""
    return capsys.readouterr().err


def names(path):
    """Return the names in a directory."""
    return sorted(entry.name for entry in Path(path).iterdir())


@pytest.mark.parametrize("slash", ["", "/"])
def test_numbers_are_compared_as_numbers(slash):
    """The tenth follows the ninth, whatever zeros are before it, and gaps do not matter."""
    order = ["a-2.png", "a-09.bmp", "a-10.png", "a-11x3.png", "a-11x20.png", "b-1.png", "c.PNG"]
    frames = frames_of(len(order))
    put("in", dict(zip(order, frames, strict=True)))
    assert convert.main(["in" + slash]) == 0
    np.testing.assert_array_equal(decoded("in.kmq"), frames)
    assert [frame.duration for frame in kmcodec.decode_frames("in.kmq")] == [100] * len(order)
    assert convert.main(["--fps", "25", "--frames", "1:3", "in" + slash, "some.kmq"]) == 0
    np.testing.assert_array_equal(decoded("some.kmq"), frames[1:3])
    assert kmcodec.info("some.kmq").animation.total == 80


def test_what_is_no_picture_is_passed_over():
    """So are hidden files, directories, and formats that are written only."""
    put("in", {"1.png": frames_of()[0], "2.png": frames_of()[1]})
    for name in ("notes.txt", ".3.png", "4.pdf", "Thumbs.db", "5"):
        (Path("in") / name).write_bytes(b"x")
    (Path("in") / "6.png").mkdir()
    if hasattr(os, "mkfifo"):
        os.mkfifo("in/7.png")
    assert convert.main(["in"]) == 0
    assert kmcodec.info("in.kmq").animation.frame_count == 2


def test_one_picture_in_a_directory():
    """It becomes a still file."""
    put("in", {"1.png": frames_of()[0]})
    assert convert.main(["in"]) == 0
    assert kmcodec.info("in.kmq").animation is None
    assert np.array_equal(kmcodec.decode("in.kmq"), frames_of()[0])


def test_pictures_of_several_modes():
    """They become frames of one."""
    put(
        "in",
        {"1.png": frames_of()[0], "2.png": picture(12, 9, 7, 1), "3.png": picture(12, 9, 7, 4)},
    )
    assert convert.main(["in"]) == 0
    with Image.open("in.kmq") as image:
        assert (image.mode, image.n_frames) == ("RGBA", 3)


def test_bad_directories(capsys):
    """An empty one, one of several sizes and one with a file that is none are errors, by name."""
    Path("empty").mkdir()
    assert convert.main(["empty"]) == 1
    assert told(capsys) == "kmq-convert: empty: no picture that Pillow reads is in there\n"
    put("sizes", {"1.png": picture(9, 9, 9), "2.png": picture(9, 9, 9), "3.png": picture(8, 9, 9)})
    assert convert.main(["sizes"]) == 1
    fault = "is 8x9, and 1.png 9x9; -r converts each picture by itself"
    assert told(capsys) == f"kmq-convert: {Path('sizes/3.png')}: {fault}\n"
    put("bad", {"1.png": picture(9, 9, 9)})
    for name in ("0.png", "2.png"):
        Path("bad", name).write_bytes(b"none")
        assert convert.main(["bad"]) == 3
        assert told(capsys).startswith(f"kmq-convert: {Path('bad', name)}: not an image")
        Path("bad", name).unlink()
    assert not list(Path().glob("[bes]*.kmq"))


@pytest.mark.parametrize("name", [".", "..", "in/.."])
def test_directories_without_a_name(name, capsys):
    """There is nothing to make the name of a file of."""
    put("in", {"1.png": frames_of()[0]})
    if name == "..":
        Path("in/in").mkdir()
        os.chdir("in/in")
    assert exit_code(convert.main, name) == 2
    assert "say OUT" in told(capsys)


def test_limits_of_directories(monkeypatch, capsys):
    """They are as of files."""
    put("in", {f"{number}.png": frame for number, frame in enumerate(frames_of())})
    monkeypatch.setattr(reading, "MAX_TOTAL_PIXELS", 4 * 12 * 9 - 1)
    assert convert.main(["in"]) == 1
    assert "4 frames of more than 431 pixels" in told(capsys)


def test_frames_are_written(kmq, capsys):
    """Each is a PNG file, by names that sort, with a warning of what they have no room for."""
    assert convert.main(["-v", "m.kmq", "out/"]) == 0
    shown = told(capsys)
    assert "a directory has no room for durations, and how often frames are shown" in shown
    assert "12x9 RGB, 4 frames, to PNG of " in shown
    assert names("out") == [f"frame-000{number}.png" for number in range(1, 5)]
    for number, frame in enumerate(kmq, 1):
        with Image.open(f"out/frame-000{number}.png") as image:
            assert np.array_equal(image, frame)
    assert convert.main(["out", "again.kmq"]) == 0
    np.testing.assert_array_equal(decoded("again.kmq"), kmq)


def test_names_of_many_frames():
    """They have as many digits as the last needs."""
    assert directories.frame_name(7, 9999) == "frame-0007.png"
    assert directories.frame_name(7, 10000) == "frame-00007.png"


@pytest.mark.usefixtures("kmq")
def test_some_frames_and_stills_are_written():
    """--frames chooses, and a picture that does not move is one frame."""
    assert convert.main(["-q", "--frames", "1:3", "m.kmq", "out/"]) == 0
    assert names("out") == ["frame-0001.png", "frame-0002.png"]
    assert convert.main(["-q", "a.kmq", "still/"]) == 0
    assert names("still") == ["frame-0001.png"]


@pytest.mark.usefixtures("kmq")
def test_an_empty_directory_is_filled():
    """It keeps its permissions, and need not be named with a slash."""
    Path("out").mkdir(mode=0o750)
    mode = stat.S_IMODE(Path("out").stat().st_mode)
    assert convert.main(["-q", "m.kmq", "out"]) == 0
    assert len(names("out")) == COUNT
    assert stat.S_IMODE(Path("out").stat().st_mode) == mode


@pytest.mark.usefixtures("kmq")
def test_frames_are_replaced_if_forced(capsys):
    """All that were there go, so that none of another animation is left; nothing else goes ever."""
    assert convert.main(["-q", "m.kmq", "out/"]) == 0
    assert convert.main(["--frames", "0:2", "m.kmq", "out/"]) == 4
    assert "out/: is a directory with frames in it; -f replaces it\n" in told(capsys)
    assert convert.main(["-q", "-f", "--frames", "0:2", "m.kmq", "out/"]) == 0
    assert len(names("out")) == 2
    Path("out/notes.txt").write_text("mine")
    for options in ([], ["-f"]):
        assert convert.main([*options, "m.kmq", "out/"]) == 4
        assert "with other things than frames in it, such as notes.txt" in told(capsys)
    assert len(names("out")) == 3


@pytest.mark.parametrize(
    ("code", "arguments"),
    [
        (2, ["--to", "webp", "m.kmq", "out/"]),
        (2, ["-k", "9", "m.kmq", "out/"]),
        (2, ["a.png", "out/"]),
        (1, ["m.kmq", "missing/out/"]),
        (1, ["m.kmq", "a.png/"]),
    ],
)
@pytest.mark.usefixtures("kmq")
def test_what_a_directory_does_not_take(code, arguments, place):
    """Nothing is left of it."""
    before = names(place)
    assert exit_code(convert.main, "-q", *arguments) == code
    assert names(place) == before


@posix
@pytest.mark.usefixtures("kmq")
def test_a_link_to_a_directory():
    """It is followed."""
    Path("real").mkdir()
    Path("link").symlink_to("real")
    assert convert.main(["-q", "m.kmq", "link/"]) == 0
    assert Path("link").is_symlink()
    assert len(names("real")) == COUNT


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
@pytest.mark.usefixtures("kmq")
def test_a_directory_is_complete_or_not_there(error, place, monkeypatch, capsys):
    """Whatever happens at the third frame, nothing is left, and the old frames stay."""
    assert convert.main(["-q", "-f", "--frames", "0:2", "m.kmq", "old/"]) == 0
    before, kept = names(place), names("old")
    write = Path.write_bytes

    def fail(path, data):
        if path.name == "frame-0003.png":
            raise error
        return write(path, data)

    monkeypatch.setattr(Path, "write_bytes", fail)
    code = 130 if isinstance(error, KeyboardInterrupt) else 1
    for name in ("new/", "old/"):
        assert convert.main(["-q", "-f", "m.kmq", name]) == code
        assert told(capsys) == ("" if code > 1 else f"kmq-convert: {name}: {error.strerror}\n")
        assert names(place) == before
        assert names("old") == kept


def test_the_old_directory_comes_back(place, monkeypatch):
    """If the new one cannot take its place."""
    Path("d").mkdir()
    Path("d/old").write_text("old")
    rename = Path.rename

    def fail(path, target):
        if path.suffix == ".tmp":
            raise OSError(5, "broken")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", fail)
    with pytest.raises(OSError, match="broken"), atomic.atomic_directory("d") as made:
        (made / "new").write_text("new")
    assert names("d") == ["old"]
    assert [name for name in names(place) if name.startswith(".kmq")] == []


def test_a_directory_within_is_never_removed():
    """What is replaced loses its files only: what somebody put there meanwhile stays somewhere."""
    Path("d/within").mkdir(parents=True)
    Path("d/within/precious").write_text("precious")
    with atomic.atomic_directory("d") as made:
        (made / "new").write_text("new")
    assert names("d") == ["new"]
    assert [path.read_text() for path in Path().glob(".kmq-*/within/precious")] == ["precious"]


@pytest.mark.skipif(sys.platform != "linux", reason="needs a name that is no text")
@pytest.mark.usefixtures("kmq")
def test_odd_names():
    """A directory has any name that the system takes."""
    name = "\udcff -x\n"
    assert convert.main(["-q", "m.kmq", f"{name}/"]) == 0
    assert convert.main([f"{name}/", "o.kmq"]) == 0
