"""Test where ``kmq-convert`` writes, and what it does not replace."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from commands import TOOLS, descriptor, exit_code, needs_bash, needs_descriptors, posix, same
from helpers import picture

import kmcodec
from kmcodec.cli import convert

pytestmark = pytest.mark.usefixtures("place")


def shell(script):
    """Run a script of bash where ``convert`` is the command; return its exit code and errors."""
    command = f'convert() {{ "{sys.executable}" "{TOOLS / "kmq-convert"}" "$@"; }}; {script}'
    result = subprocess.run(
        ["bash", "-c", command], capture_output=True, check=False, timeout=60, text=True
    )
    return result.returncode, result.stderr


@needs_descriptors
@pytest.mark.parametrize("options", [[], ["-f"]])
@pytest.mark.parametrize("name", ["/dev/stdout", "/dev/fd/{}"])
def test_descriptors_of_files(name, options, capfd):
    """What was in the file stays, forced or not, and the picture follows."""
    Path("out").write_bytes(b"before")
    with Path("out").open("ab") as file, descriptor(1, file):
        assert convert.main([*options, "a.png", name.format(file.fileno())]) == 0
    data = Path("out").read_bytes()

    assert capfd.readouterr() == ("", "")
    assert data.startswith(b"before")
    assert kmcodec.decode(data[6:]).shape == (128, 128, 3)


@needs_descriptors
@needs_bash
def test_redirections_of_a_shell():
    """They are such descriptors, of files that are appended to and of pipes."""
    Path("out").write_bytes(b"before")
    # bash waits for a pipe that is the last to be written, but for no >(...).
    script = "mkfifo done; convert a.png >(cat > pipe.kmq; echo > done); cat done"
    assert shell(f"convert -f a.png /dev/fd/3 3>> out; {script}") == (0, "")

    assert kmcodec.decode(Path("out").read_bytes().removeprefix(b"before")).shape[:2] == (128, 128)
    assert same("pipe.kmq", "a.png")


@needs_descriptors
@pytest.mark.parametrize("name", ["/dev/stdout", "/dev/fd/{}"])
@pytest.mark.parametrize("to", ["kmq", "png"])
def test_descriptors_of_pipes(to, name, capfd):
    """A pipe by name takes the picture; .kmq where nothing else can be meant."""
    arguments = ["a.png"] if to == "kmq" else ["--to", "png", "a.kmq"]
    reader, writer = os.pipe()  # which holds all of the picture
    with os.fdopen(reader, "rb") as taken:
        with os.fdopen(writer, "wb") as given, descriptor(1, given):
            assert convert.main([*arguments, name.format(writer)]) == 0
        Path(f"one.{to}").write_bytes(taken.read())

    assert capfd.readouterr() == ("", "")
    assert same(f"one.{to}", "a.png")


@needs_descriptors
@needs_bash
def test_a_closed_descriptor_is_an_error():
    """The picture does not vanish where nothing is open."""
    code, error = shell("convert a.png /dev/stdout >&-")

    assert (code, error) == (1, "kmq-convert: /dev/stdout: Bad file descriptor\n")


@pytest.mark.parametrize(
    ("name", "output"),
    [
        ("scan 1.5 mm", "scan 1.5 mm.kmq"),
        ("r 1.5", "r 1.5.kmq"),
        ("r 1.6", "r 1.6.kmq"),
        ("v1.2.png", "v1.2.kmq"),
        ("photo.JPeG", "photo.kmq"),
        ("plain", "plain.kmq"),
        (".png", ".png.kmq"),
        ("a.png.bak", "a.png.bak.kmq"),
    ],
)
def test_default_names(name, output):
    """An extension is replaced if Pillow knows it; what only looks like one is kept."""
    Path(name).write_bytes(Path("a.png").read_bytes())
    assert convert.main([name]) == 0
    assert Path(output).exists()


@pytest.mark.parametrize(("name", "output"), [("b.kmq", "b.png"), ("b 1.5", "b 1.5.png")])
def test_default_names_of_exports(name, output):
    """It is the same the other way."""
    Path(name).write_bytes(Path("a.kmq").read_bytes())
    assert convert.main([name]) == 0
    assert Path(output).exists()


def test_a_second_input_is_not_replaced(capsys):
    """Two .kmq files, or two pictures, are two inputs, even if forced; -o says what is meant."""
    kmcodec.save(picture(5, 5, 5), "b.kmq")
    old = Path("a.kmq").read_bytes(), Path("b.kmq").read_bytes()
    assert convert.main(["-f", "b.kmq", "a.kmq"]) == 0
    assert same("a.png", "a.kmq")
    assert same("b.png", "b.kmq")
    assert convert.main(["a.png", "b.png"]) == 4
    assert "a.kmq: exists; -f replaces it" in capsys.readouterr().err
    assert (Path("a.kmq").read_bytes(), Path("b.kmq").read_bytes()) == old
    assert exit_code(convert.main, "-f", "a.kmq", "b.kmq", "-o", "c.png") == 2
    assert convert.main(["-f", "a.kmq", "-o", "b.kmq"]) == 0
    assert same("b.kmq", "a.kmq")
    assert convert.main(["-f", "-k", "2", "a.kmq", "a.kmq"]) == 0
    assert convert.main(["a.kmq", "new.kmq"]) == 0


@posix
def test_the_input_is_not_replaced_by_another_format(capsys):
    """A link to the input is no name for another format, even if forced."""
    Path("link.kmq").symlink_to("a.png")
    Path("link.png").symlink_to("a.kmq")
    old = Path("a.png").read_bytes(), Path("a.kmq").read_bytes()
    for arguments in (["a.png", "link.kmq"], ["a.kmq", "-o", "link.png"]):
        assert convert.main(["-f", *arguments]) == 4
        assert "is the input by another name, and not of its format" in capsys.readouterr().err
    assert (Path("a.png").read_bytes(), Path("a.kmq").read_bytes()) == old


@pytest.mark.parametrize("arguments", [["", "b.kmq"], ["a.png", ""], ["a.png", "-o", ""]])
def test_empty_names(capsys, arguments):
    """As of a variable of the shell that is not set."""
    assert exit_code(convert.main, *arguments) == 2
    assert "a name is empty" in capsys.readouterr().err
    assert not Path("b.kmq").exists()


@pytest.mark.parametrize(
    "arguments", [["--to", "jpg", "a.kmq", "x.png"], ["--to", "kmq", "a.png", "-o", "x.PNG"]]
)
def test_a_name_of_another_format(capsys, arguments):
    """A file is not called what it is not, even by --to."""
    assert convert.main(arguments) == 2
    assert "is a name of PNG files, not of" in capsys.readouterr().err
    assert convert.main(["--to", "kmq", "a.png", "x.data"]) == 0


def test_a_long_name_in_any_script():
    """A name that the file system takes is taken."""
    name = "п" * 125
    Path("a.png").rename(name)
    assert convert.main([name]) == 0
    assert kmcodec.info(f"{name}.kmq").header.width == 128
