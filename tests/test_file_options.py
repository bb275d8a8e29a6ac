"""Test which of the names on a command line are inputs, and which options go together."""

import os
from pathlib import Path

import pytest
from commands import exit_code, posix, same
from helpers import picture

import kmcodec
from kmcodec.cli import convert
from kmcodec.cli.file_options import has_set, if_exists, is_output, split_names

pytestmark = pytest.mark.usefixtures("place")


def parse(*arguments):
    """Return what a command line says."""
    args = convert.make_parser().parse_intermixed_args(arguments)
    args.options = {}
    return args


def files():
    """Return the content of all files."""
    return {path.name: path.read_bytes() for path in Path().iterdir() if path.is_file()}


def copies(*names):
    """Copy a picture."""
    for name in names:
        Path(name).write_bytes(Path("a.png").read_bytes())


@pytest.mark.parametrize(
    ("names", "inputs", "output"),
    [
        (["a.png"], ["a.png"], None),
        (["a.png", "b.png"], ["a.png", "b.png"], None),
        (["a.png", "a.kmq"], ["a.png"], "a.kmq"),
        (["a.kmq", "b.png"], ["a.kmq"], "b.png"),
        (["a.kmq", "b.kmq"], ["a.kmq", "b.kmq"], None),
        (["a.kmq", "a.kmq"], ["a.kmq"], "a.kmq"),
        (["a.kmq", "./a.kmq"], ["a.kmq", "./a.kmq"], None),
        (["a.png", "new.kmq"], ["a.png"], "new.kmq"),
        (["a.png", "new.jpg"], ["a.png"], "new.jpg"),
        (["a.png", "new"], ["a.png"], "new"),
        (["a.kmq", "-"], ["a.kmq"], "-"),
        (["-", "a.png"], ["-", "a.png"], None),
        (["-", "a.kmq"], ["-"], "a.kmq"),
        (["a.kmq", "folder"], ["a.kmq"], "folder"),
        (["folder", "b.png"], ["folder", "b.png"], None),
        (["folder", "a.kmq"], ["folder"], "a.kmq"),
        (["plain", "packed"], ["plain", "packed"], None),
        (["packed", "b.png"], ["packed"], "b.png"),
        (["plain", "b.kmq"], ["plain"], "b.kmq"),
        (["packed", "b.kmq"], ["packed", "b.kmq"], None),
        (["no.png", "b.png"], ["no.png", "b.png"], None),
        (["a.png", "b.png", "new.kmq"], ["a.png", "b.png", "new.kmq"], None),
        (["-r", "a.png", "a.kmq"], ["a.png", "a.kmq"], None),
        (["--out-dir", "x", "a.png", "a.kmq"], ["a.png", "a.kmq"], None),
        (["--ext", ".kmq", "a.png", "a.kmq"], ["a.png", "a.kmq"], None),
        (["--files-from", "x", "a.png", "a.kmq"], ["a.png", "a.kmq"], None),
        (["--one-palette", "a.png", "a.kmq"], ["a.png", "a.kmq"], None),
        (["--manifest", "m", "a.png", "a.kmq"], ["a.png", "a.kmq"], None),
        (["--cluster", "x", "a.png", "a.kmq"], ["a.png", "a.kmq"], None),
        (["--files-from", "x"], [], None),
        (["a.png", "-o", "b"], ["a.png"], "b"),
    ],
)
def test_inputs_and_output(names, inputs, output):
    """Two names are both only where the first is converted to the format of the second."""
    copies("b.png", "plain")
    Path("b.kmq").write_bytes(Path("a.kmq").read_bytes())
    Path("packed").write_bytes(Path("a.kmq").read_bytes())
    Path("folder").mkdir()

    assert split_names(parse(*names)) == (inputs, output)


@posix
@pytest.mark.parametrize("name", ["/dev/null", "/dev/stdout", "pipe", "link"])
def test_what_is_no_file_is_an_output(name):
    """Of a pipe no name says what it is of; a link to one is one."""
    os.mkfifo("pipe")
    Path("link").symlink_to("pipe")
    assert is_output("a.png", name)


@posix
def test_links_are_what_they_lead_to():
    """And one that leads nowhere is no output, which would be made there."""
    Path("to-a.kmq").symlink_to("a.kmq")
    Path("nowhere.png").symlink_to("no")
    assert is_output("a.png", "to-a.kmq")
    assert not is_output("a.kmq", "to-a.kmq")
    assert not is_output("a.png", "nowhere.png")


def test_a_new_name_of_another_format_is_an_error(capsys):
    """Between two formats that are not KMQ nothing is converted, and nothing written."""
    before = files()
    assert convert.main(["a.png", "new.jpg"]) == 2
    assert "neither the input nor the output is KMQ" in capsys.readouterr().err
    assert convert.main(["a.kmq", "new"]) == 2
    assert "say the output format with --to" in capsys.readouterr().err
    assert files() == before


def test_two_files_without_extensions(capsys):
    """They are two inputs, each of its own format."""
    copies("plain")
    Path("packed").write_bytes(Path("a.kmq").read_bytes())
    assert convert.main(["plain", "packed"]) == 0
    assert "2 files: 2 converted" in capsys.readouterr().err
    assert same("plain.kmq", "packed.png")


def test_one_file_by_two_spellings(capsys):
    """It is converted once, and the other name is an error."""
    Path("a.png").unlink()
    assert convert.main(["a.kmq", "./a.kmq"]) == 4
    assert "another input is converted to ./a.png already" in capsys.readouterr().err
    assert same("a.kmq", "a.png")


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        ([], "the following arguments are required: IN"),
        (["-r"], "the following arguments are required: IN"),
        (["a.png", "b.png", "-o", "c.kmq"], "one output (-o) takes one input"),
        (["a.png", "new.kmq", "--manifest", "m"], "new.kmq does not exist"),
        (["a.png", "new.kmq", "--cluster", "tcp://x"], "new.kmq does not exist"),
        (["a.png", "--if-larger", "copy", "--strip"], "copies all metadata"),
        (["a.png", "--if-larger", "copy", "--auto-orient"], "copies all metadata"),
        (["a.png", "--if-larger", "copy", "-o", "c.kmq"], "--if-larger copy takes --out-dir"),
        (["a.png", "--out-dir", "x", "-o", "c.kmq"], "-o is for one input without options of sets"),
        (["a.png", "--one-palette", "-o", "c.kmq"], "-o is for one input without options of sets"),
        (
            ["a.png", "--manifest", "m", "-o", "c.kmq"],
            "-o is for one input without options of sets",
        ),
        (
            ["a.png", "--files-from", "m", "-o", "c.kmq"],
            "-o is for one input without options of sets",
        ),
        (["a.png", "-0"], "-0 is for --files-from"),
        (["a.png", "--resume"], "--resume takes --manifest FILE"),
        (["a.png", "-f", "--if-exists", "skip"], "-f and --if-exists skip exclude each other"),
        (["a.png", "--if-exists", "ask"], "invalid choice"),
        (["a.png", "--if-larger", "ask"], "invalid choice"),
        (["a.png", "--include", "*"], "--include and --exclude choose of directories"),
        (["a.png", "--exclude", "*"], "--include and --exclude choose of directories"),
        (["a.png", "--ext", "/x.kmq"], "--ext is the end of a name, and not '/x.kmq'"),
        (["a.png", "--ext", "/../x.kmq"], "--ext is the end of a name"),
        (["a.png", "--ext", "\0.kmq"], "--ext is the end of a name"),
        (["a.png", "--one-palette", "--palette", "#000"], "--one-palette is chosen"),
        (["a.png", "--one-palette", "--palette-from", "a.kmq"], "--one-palette is chosen"),
        (["a.png", "--one-palette", "--to", "png"], "--one-palette is for KMQ output only"),
        (["a.png", "--one-palette", "--ext=-16.png"], "--one-palette is for KMQ output only"),
        (["a.png", "-j", "-1"], "-j"),
        (["a.png", "-j", "1025"], "-j"),
        (["a.png", "-j", "many"], "-j"),
        (["a.png", "--out-dir", ""], "a name is empty"),
        (["a.png", "", "b.png"], "a name is empty"),
    ],
)
def test_what_does_not_go_together(arguments, fault, capsys):
    """It is wrong usage, told before anything is done."""
    before = files()
    assert exit_code(convert.main, *arguments) == 2
    assert fault in capsys.readouterr().err
    assert files() == before


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], "error"),
        (["-f"], "overwrite"),
        (["--if-exists", "newer"], "newer"),
        (["--if-exists", "overwrite"], "overwrite"),
        (["-f", "--if-exists", "overwrite"], "overwrite"),
    ],
)
def test_what_becomes_of_outputs_that_exist(arguments, expected):
    """-f is short for one of the choices."""
    args = parse("a.png", *arguments)
    split_names(args)
    assert if_exists(args) == expected


def test_a_set_of_one():
    """Options of sets make one name a set."""
    assert not has_set(parse("a.png"))
    assert has_set(parse("a.png", "--out-dir", "x"))


@pytest.mark.parametrize(
    "arguments", [["--ext=-16.kmq", "a.png"], ["a.png", "--ext", "16.kmq"], ["--ext=.KMQ", "a.png"]]
)
def test_suffixes(arguments):
    """They may begin with a dash, which takes a "="."""
    (suffix,) = {a.removeprefix("--ext=") for a in arguments} - {"a.png", "--ext"}
    assert convert.main(["-q", *arguments]) == 0
    assert same(f"a{suffix}", "a.png")


def test_a_suffix_of_another_format(capsys):
    """Nothing is called what it is not."""
    assert convert.main(["a.png", "--ext", ".jpg"]) == 2
    assert "a.png: neither the input nor the output is KMQ" in capsys.readouterr().err
    assert convert.main(["a.kmq", "--ext", ".jpg", "--to", "png"]) == 2
    assert "a.jpg: is a name of JPEG files, not of PNG" in capsys.readouterr().err
    assert convert.main(["a.kmq", "--ext", "x"]) == 2
    assert "say the output format with --to" in capsys.readouterr().err


def test_names_that_look_like_options(capsys):
    """After "--" they are names, in the output's place too."""
    copies("-f")
    assert exit_code(convert.main, "-k", "16", "--", "-f", "-q.kmq") == 0
    assert same("-q.kmq", "a.png")
    assert exit_code(convert.main, "--", "-f", "a.png") == 4
    assert "a.kmq: exists" in capsys.readouterr().err
    assert same("-f.kmq", "a.png")


def test_more_than_colors_of_a_picture():
    """A number among the names is one, with options between names."""
    kmcodec.save(picture(9, 9, 40), "16")
    assert exit_code(convert.main, "16", "-k", "16", "small.kmq") == 0
    assert len(kmcodec.info("small.kmq").palette) == 16
