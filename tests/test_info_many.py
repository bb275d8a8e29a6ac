"""``kmq-info`` of many files: all are shown in their order, and no bad one ends that."""

import json
import os
import signal
import subprocess
import sys
import time
from multiprocessing.context import SpawnProcess
from pathlib import Path

import pytest
from commands import (
    TOOLS,
    FakeStandard,
    damage,
    exit_code,
    needs_descriptors,
    needs_full_device,
    posix,
    run_tool,
)
from helpers import gradient, picture

import kmcodec
from kmcodec.cli import info

pytestmark = pytest.mark.usefixtures("place")
OF_MUCH_WORK = 2 << 20
"""Bytes of a file with which processes are started."""


@pytest.fixture
def tree(place):
    """Make a tree of four files, the last of which is damaged, and return its root."""
    for name in ("art/a.kmq", "art/b.kmq", "art/in/c.kmq", "art/in/d.kmq"):
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        kmcodec.save(picture(6, 5, 4, seed=len(name)), name, coding="packed")
    damage("art/in/d.kmq")
    return place / "art"


def make_large(name):
    """Make a file of many bytes, which is no .kmq."""
    with Path(name).open("wb") as file:
        file.truncate(OF_MUCH_WORK)


def heads(text):
    """Return the names that lines begin with."""
    return [line.split(": ")[0].replace(os.sep, "/") for line in text.splitlines()]


@pytest.mark.usefixtures("tree")
def test_a_tree(capsys):
    """Each file has one line, those of damaged ones go to standard error; totals come last."""
    assert info.main(["-r", "--check", "art", "a.kmq"]) == 3
    shown = capsys.readouterr()
    good = ["art/a.kmq", "art/b.kmq", "art/in/c.kmq", "a.kmq"]
    assert heads(shown.out) == [*good, "total"]
    size = sum(Path(name).stat().st_size for name in good)
    raw = 3 * (3 * 6 * 5 + 128 * 128)
    share = f"{100 * size / raw:.1f} % of 24 bits a pixel"
    assert shown.out.splitlines()[-1] == f"total: 5 files, 1 bad, {size:,} bytes, {share}"
    assert shown.err.startswith(f"kmq-info: {Path('art/in/d.kmq')}: ")
    assert shown.err.count("\n") == 1


@pytest.mark.usefixtures("tree")
def test_totals_are_text_of_more_than_one_file(capsys):
    """One file has none, neither has JSON or -q; where all are bad there are no bytes to tell."""
    for words in (["a.kmq"], ["-r", "art/a.kmq"], ["-q", "-r", "art"], ["--json", "-r", "art"]):
        assert info.main(words) == 0
        assert "total" not in capsys.readouterr().out
    assert info.main(["missing", "a.png"]) == 3
    assert capsys.readouterr().out == "total: 2 files, 2 bad\n"
    assert info.main(["-v", "a.kmq", "a.kmq"]) == 0
    assert capsys.readouterr().out.splitlines()[-1].startswith("total: 2 files, 16,")


@pytest.mark.parametrize("names", [[], ["a.kmq"], ["a.kmq", "b.kmq", "bad.kmq"]])
def test_json_is_an_array(capsys, names):
    """Of all objects there are, in their order: none for a directory, but of its error."""
    folder = Path("tree")
    folder.mkdir()
    for name in names:
        (folder / name).write_bytes(Path("a.kmq").read_bytes())
    if "bad.kmq" in names:
        damage("tree/bad.kmq", 3)
    code = info.main(["--json", "-r", "tree"])
    found = json.loads(capsys.readouterr().out)
    assert [one["file"] for one in found] == [str(folder / name) for name in names] or ["tree"]
    errors = [one["error"] for one in found if one["error"]]
    assert [error["code"] for error in errors] == {0: [1], 1: [], 3: [3]}[len(names)]
    assert code == max((error["code"] for error in errors), default=0)


def test_json_of_what_was_not_found(capsys):
    """It has the exit code and the message of the line on standard error."""
    Path("empty").mkdir()
    assert info.main(["--json", "-r", "empty", "missing.kmq"]) == 1
    shown = capsys.readouterr()
    messages = [one["error"]["message"] for one in json.loads(shown.out)]
    assert messages == ["has no .kmq file", "No such file or directory"]
    assert shown.err.splitlines() == [
        f"kmq-info: {name}: {message}"
        for name, message in zip(("empty", "missing.kmq"), messages, strict=True)
    ]


@pytest.mark.parametrize(
    ("code", "names"),
    [
        (0, ["a.kmq"]),
        (1, ["a.kmq", "missing.kmq"]),
        (2, ["missing.kmq", "a.kmq", "tree"]),
        (3, ["tree", "a.png", "missing.kmq"]),
        (2, ["file://host/a.kmq", "a.kmq"]),
        (2, [""]),
        (2, ["a.kmq", ""]),
    ],
)
def test_the_worst_code(capsys, code, names):
    """Of all files the highest code is that of the command, whatever comes after it."""
    Path("tree").mkdir()
    assert exit_code(info.main, *names) == code
    assert ("a.kmq: KMQ" in capsys.readouterr().out) == ("a.kmq" in names and "" not in names)


@posix
def test_links_out_of_a_tree(tree, capsys):
    """They are refused by their own code, and not shown."""
    (tree / "e.kmq").symlink_to("../a.kmq")
    assert info.main(["-r", "art"]) == 4
    assert capsys.readouterr().err == (
        "kmq-info: art/e.kmq: is a link that leads out of the tree\n"
    )


@posix
@pytest.mark.usefixtures("tree")
def test_the_rest_of_a_tree_that_cannot_be_read(capsys, monkeypatch):
    """The directory is told by its name once, and the others are shown."""
    scan = os.scandir

    def scan_or_fail(folder):
        if Path(folder).name == "in":
            raise PermissionError(13, "Permission denied")
        return scan(folder)

    monkeypatch.setattr(os, "scandir", scan_or_fail)
    assert info.main(["-r", "art"]) == 1
    shown = capsys.readouterr()
    assert heads(shown.out) == ["art/a.kmq", "art/b.kmq", "total"]
    assert shown.err == "kmq-info: art/in: Permission denied\n"


@posix
@pytest.mark.parametrize("name", [b"a\nb.kmq", b"\xff.kmq", "\x1b[31mred 🎨.kmq".encode()])
def test_odd_names_in_trees(capsys, name):
    """A line of text is one line, without what a terminal obeys; JSON has the very name."""
    Path("tree").mkdir()
    place = f"tree/{os.fsdecode(name)}"
    try:
        Path(place).write_bytes(Path("a.kmq").read_bytes())
    except OSError:
        pytest.skip("the file system refuses this name")
    assert info.main(["-r", "tree"]) == 0
    text = capsys.readouterr().out
    assert text.count("\n") == 1
    assert "\x1b" not in text
    assert info.main(["-r", "--json", "tree"]) == 0
    (found,) = json.loads(capsys.readouterr().out)
    assert os.fsencode(found["file"]) == b"tree/" + name
    damage(place, 3)
    assert info.main(["-r", "tree"]) == 3
    assert capsys.readouterr().err.count("\n") == 1


def test_standard_input_among_others(capsys, monkeypatch):
    """It is read by this process, however much there is to check beside it."""
    make_large("large.kmq")
    monkeypatch.setattr(sys, "stdin", FakeStandard(Path("a.kmq").read_bytes()))
    assert info.main(["--check", "-j", "2", "large.kmq", "-", "a.kmq"]) == 3
    shown = capsys.readouterr()
    assert heads(shown.out) == ["-", "a.kmq", "total"]
    assert shown.out.count(", OK\n") == 2
    assert shown.err == "kmq-info: large.kmq: not a .kmq file (field magic, offset 0)\n"


def test_processes_keep_the_order(capsys):
    """Small files are checked before large ones, and shown when it is their turn."""
    kmcodec.save(picture(1500, 700, 256), "large.kmq", coding="packed")
    names = [f"{number:02}.kmq" for number in range(40)]
    for name in names:
        kmcodec.save(gradient(9, 7), name)
    damage(names[7])
    assert Path("large.kmq").stat().st_size > 1 << 20
    wanted = ["large.kmq", *names, "large.kmq", "missing.kmq", "a.kmq"]
    shown = []
    for jobs in "12":
        assert info.main(["--check", "-j", jobs, *wanted]) == 3
        shown.append(capsys.readouterr())
    assert shown[0] == shown[1]
    missing = [names[7], "missing.kmq"]
    assert heads(shown[1].out) == [*(name for name in wanted if name not in missing), "total"]
    assert [line.split(": ")[1] for line in shown[1].err.splitlines()] == missing


@posix
def test_an_interrupt_ends_all_processes(tmp_path):
    """Those that wait for a pipe, too: nothing is told, and nobody is left who could write."""
    make_large("large.kmq")
    pipes = ["b.kmq", "c.kmq"]
    for name in pipes:
        os.mkfifo(name)
    command = [sys.executable, str(TOOLS / "kmq-info"), "--check", "-j", "2"]
    command += ["b.kmq", "large.kmq", "c.kmq", "large.kmq"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
    ) as process:
        writers = [open_to_write(tmp_path / name) for name in pipes]
        os.killpg(process.pid, signal.SIGINT)
        output = process.communicate(timeout=60)  # which waits until all have closed theirs
    for writer in writers:
        os.close(writer)
    assert (process.returncode, output) == (130, (b"", b""))


def open_to_write(pipe):
    """Open a pipe as soon as somebody reads it."""
    for _ in range(600):
        try:
            return os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
        except OSError:
            time.sleep(0.1)
    raise AssertionError("nobody reads the pipe")


def test_no_process_can_be_started(capsys, monkeypatch):
    """It is one line, and an error of no file."""

    def fail(_process):
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(SpawnProcess, "start", fail)
    make_large("large.kmq")
    assert info.main(["--check", "-j", "2", "a.kmq", "large.kmq"]) == 1
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err == (
        "kmq-info: no process could be started: Resource temporarily unavailable\n"
    )


@posix
@pytest.mark.parametrize("words", [[], ["--json"], ["--check", "-j", "2"]])
def test_the_reader_leaves(words):
    """The command ends quietly with 141, and so do its processes, however many files there are."""
    names = ["a.kmq"] * 3000
    command = [sys.executable, str(TOOLS / "kmq-info"), *words, *names]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout.read(1) in b"[a"
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(60) == 141


@needs_full_device
@pytest.mark.parametrize("words", [[], ["--json"], ["--check", "-j", "2"]])
def test_full_standard_output(words):
    """It is one line, and not taken for a fault of a file."""
    with Path("/dev/full").open("wb") as full:
        command = [sys.executable, str(TOOLS / "kmq-info"), *words, *["a.kmq"] * 3000]
        result = subprocess.run(
            command, stdout=full, stderr=subprocess.PIPE, check=False, timeout=60
        )
    assert result.returncode == 1
    assert result.stderr == b"kmq-info: standard output: No space left on device\n"


@needs_descriptors
@pytest.mark.parametrize("name", ["/dev/stdin", "/dev/fd/0"])
def test_descriptors_among_others(name):
    """They are this process's own, though others could check the rest."""
    make_large("large.kmq")
    words = ["--check", "-j", "2", "large.kmq", name]
    result = run_tool("kmq-info", *words, input=Path("a.kmq").read_bytes())
    assert result.stdout.startswith(f"{name}: KMQ v0 128x128".encode())


def test_urls(capsys):
    """Files of a store are shown by their URLs, whose passwords are not; they are checked here."""
    fsspec = pytest.importorskip("fsspec")
    memory = fsspec.filesystem("memory")
    data = Path("a.kmq").read_bytes()
    for name, content in (("a.kmq", data), ("in/b.kmq", data[:-1]), ("in/c.kmq", data)):
        memory.pipe_file(f"kmq/{name}", content)
    make_large("large.kmq")
    names = ["memory://kmq/a.kmq", "memory://kmq/in/b.kmq", "memory://kmq/in/c.kmq"]
    try:
        words = ["-r", "--check", "-j", "2", "memory://kmq", "large.kmq"]
        assert info.main(words) == 3
        shown = capsys.readouterr()
        assert heads(shown.out) == [names[0], names[2], "total"]
        assert [line.split(": ")[1] for line in shown.err.splitlines()] == [names[1], "large.kmq"]
        assert info.main(["memory://me:secret@kmq/a.kmq", "memory://kmq/missing.kmq"]) == 1
        shown = capsys.readouterr()
        assert info.main(["--json", "memory://me:secret@kmq/a.kmq"]) == 1
        assert "memory://***@kmq/a.kmq" in shown.err
        assert "secret" not in "".join([*shown, *capsys.readouterr()])
    finally:
        memory.rm("kmq", recursive=True)
