"""What both commands have in common: streams, exit codes, names."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from commands import TOOLS, damage, exit_code, posix, run_tool, same
from helpers import picture
from PIL import Image

import kmcodec
from kmcodec.cli import convert, info

pytestmark = pytest.mark.usefixtures("place")


def test_real_pipes():
    """The scripts of ``tools`` work between pipes."""
    picture_bytes = Path("a.png").read_bytes()
    encoded = run_tool("kmq-convert", "--coding", "packed", "-", input=picture_bytes)
    assert (encoded.returncode, encoded.stderr) == (0, b"")
    shown = run_tool("kmq-info", "--check", "-", input=encoded.stdout)
    assert (shown.returncode, shown.stderr) == (0, b"")
    assert shown.stdout.startswith(b"-: KMQ v0 128x128 RGB, 16 colors, 4 bits an index")


def test_closed_standard_streams(monkeypatch, capsys):
    """A standard stream that the shell has closed is one line and code 1."""
    monkeypatch.setattr(sys, "stdin", None)
    for main in (convert.main, info.main):
        assert main(["-"]) == 1
        assert capsys.readouterr().err.endswith(": -: the standard stream is closed\n")
    monkeypatch.setattr(sys, "stdout", None)
    assert convert.main(["a.png", "-"]) == 1
    assert convert.main(["a.png", "b.kmq"]) == 0


@pytest.mark.parametrize(
    ("code", "arguments"),
    [
        (1, ["missing.png"]),
        (1, ["."]),
        (1, ["a.png", "missing/out.kmq"]),
        (1, ["a.png", "x" * 300 + ".kmq"]),
        (1, ["rgba.kmq", "out.jpg"]),
        (1, ["deep.png", "out.kmq"]),
        (2, []),
        (2, ["a.png", "b.kmq", "-o", "c.kmq"]),
        (2, ["a.png", "out.kmq", "extra"]),
        (2, ["a.png", "--unknown"]),
        (2, ["a.png", "--color", "3"]),
        (2, ["a.png", "--colors", "0"]),
        (2, ["a.png", "--colors", "65537"]),
        (2, ["a.png", "--colors", "many"]),
        (2, ["a.png", "--dither", "1.5"]),
        (2, ["a.png", "--dither", "nan"]),
        (2, ["a.png", "--iterations", "-1"]),
        (2, ["a.png", "--coding", "zip"]),
        (2, ["a.png", "--threads", "0"]),
        (2, ["a.png", "--seeding", "guess"]),
        (2, ["a.png", "out.jpg"]),
        (2, ["a.kmq", "-"]),
        (2, ["a.kmq", "out"]),
        (2, ["a.kmq", "out.xyz"]),
        (2, ["a.kmq", "out.psd"]),
        (2, ["a.kmq", "--to", "../x"]),
        (2, ["a.kmq", "out.png", "-k", "4"]),
        (3, ["text.png"]),
        (3, ["empty.png"]),
        (3, ["cut.png", "out.kmq"]),
        (3, ["cut.kmq", "out.png"]),
        (3, ["flipped.kmq", "out.png"]),
        (3, ["future.kmq", "out.png"]),
        (4, ["a.png", "a.kmq"]),
        (4, ["a.png"]),
        (4, ["a.kmq"]),
    ],
)
def test_exit_codes(place, capsys, code, arguments):
    """Each failure has its code and one line on standard error; nothing is written."""
    data = Path("a.kmq").read_bytes()
    Path("cut.kmq").write_bytes(data[:-1])
    Path("flipped.kmq").write_bytes(data)
    damage("flipped.kmq")
    Path("future.kmq").write_bytes(data[:4] + b"\x09" + data[5:])
    Path("cut.png").write_bytes(Path("a.png").read_bytes()[:3000])
    Path("text.png").write_text("hello")
    Path("empty.png").touch()
    Image.fromarray(np.full((4, 4), 40000, np.uint16)).save("deep.png")
    kmcodec.save(picture(4, 4, 4, 4), "rgba.kmq")
    before = {path: path.read_bytes() for path in place.iterdir()}
    assert exit_code(convert.main, *arguments) == code
    assert {path: path.read_bytes() for path in place.iterdir()} == before
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "Traceback" not in shown.err
    if "usage:" not in shown.err:
        assert shown.err.count("\n") == 1
        assert shown.err.startswith("kmq-convert: ")
    else:
        assert code == 2


@pytest.mark.parametrize("main", [convert.main, info.main])
def test_help_and_version(main, capsys):
    """Help starts with examples and lists exit codes; the version is the package's."""
    assert exit_code(main, "--help") == 0
    text = capsys.readouterr().out
    assert text.index("examples:") < text.index("options:") < text.index("exit codes:")
    assert exit_code(main, "-V") == 0
    assert capsys.readouterr().out.split()[0] in {"kmq-convert", "kmq-info"}


@posix
@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("kmq-convert", ["big.png", "--coding", "packed", "-"]),
        ("kmq-info", ["--palette", "big.kmq"]),
    ],
)
def test_broken_pipe(tool, arguments):
    """When the reader of standard output goes, the command ends quietly with 141."""
    image = Image.fromarray(picture(300, 300, 65536))
    image.save("big.png")
    kmcodec.save(image, "big.kmq", colors=65536, coding="packed")
    command = [sys.executable, str(TOOLS / tool), *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.read(10)
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(60) == 141


@posix
@pytest.mark.parametrize("stem", ["two\nlines", "-k", "🎨", "\x1b[31mred", "a b", "\udcff"])
def test_odd_names(capsys, stem):
    """Any name is converted and shown, in one line, with nothing a terminal would obey."""
    try:
        Path(f"{stem}.png").write_bytes(Path("a.png").read_bytes())
    except OSError:
        pytest.skip("the file system refuses this name")
    assert convert.main(["--", f"{stem}.png"]) == 0
    assert same(f"{stem}.kmq", "a.png")
    assert info.main(["--", f"{stem}.kmq"]) == 0
    assert convert.main(["--", f"{stem}.png"]) == 4
    shown = capsys.readouterr()
    assert shown.out.count("\n") == shown.err.count("\n") == 1
    assert "\x1b" not in shown.out + shown.err


def test_report():
    """``python -m kmcodec --report`` tells versions and that all is compiled."""
    command = [sys.executable, "-m", "kmcodec"]
    result = subprocess.run([*command, "--report"], capture_output=True, check=True, timeout=60)
    text = result.stdout.decode()
    for name in ("kmcodec", "Python", "platform", "numpy", "scipy", "pillow", "bitarray", "cores"):
        assert f"{name}: " in text
    assert "binding compiled, dithering compiled" in text
    assert "Pillow plugin: registered" in text
    result = subprocess.run(command, capture_output=True, check=True, timeout=60)
    assert result.stdout.startswith(b"usage:")
