"""Test ``kmq-convert`` with many names, as a user and a shell see it."""

import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import BrokenExecutor
from pathlib import Path

import pytest
from commands import (
    TOOLS,
    FakeStandard,
    damage,
    exit_code,
    needs_bash,
    needs_full_device,
    posix,
    run_shell,
    run_tool,
    same,
)
from helpers import photo, picture
from PIL import Image

import kmcodec
from kmcodec.batch import convert as batch
from kmcodec.cli import convert, many

pytestmark = [posix, pytest.mark.usefixtures("place")]


@pytest.fixture(autouse=True)
def tree(place):
    """Make a tree of three pictures beside the one that is there."""
    Path("in/sub").mkdir(parents=True)
    for number, name in enumerate(("in/b.png", "in/c.bmp", "in/sub/d.gif")):
        Image.fromarray(picture(20, 10, 9, seed=number)).save(name)
    return place


TREE = ["in/b.png", "in/c.bmp", "in/sub/d.gif"]
OUTPUTS = ["b.kmq", "c.kmq", "sub/d.kmq"]


def files_in(folder="."):
    """Return all files in a tree, temporary ones too."""
    root = Path(folder)
    return sorted(p.relative_to(root).as_posix() for p in root.rglob("*") if not p.is_dir())


def told(capsys):
    """Return the reports that were told as JSON, by input."""
    reports = map(json.loads, capsys.readouterr().out.splitlines())
    return {report["input"]: report for report in reports}


def test_several_files(capsys):
    """Each goes to a .kmq beside it, and one line tells what became of all."""
    assert convert.main(TREE) == 0
    shown = capsys.readouterr()

    assert shown.out == ""
    assert shown.err.startswith("kmq-convert: 3 files: 3 converted; ")
    assert shown.err.count("\n") == 1
    assert all(same(name, os.path.splitext(name)[0] + ".kmq") for name in TREE)  # noqa: PTH122


def test_a_tree(capsys):
    """To another tree, and back."""
    assert convert.main(["-q", "-r", "in", "--out-dir", "packed"]) == 0
    assert files_in("packed") == OUTPUTS
    assert convert.main(["-q", "-r", "packed", "--to", "png", "--out-dir", "back"]) == 0
    assert files_in("back") == ["b.png", "c.png", "sub/d.png"]
    assert same("back/b.png", "in/b.png")
    assert capsys.readouterr() == ("", "")


def test_patterns():
    """Of trees only what matches."""
    assert exit_code(convert.main, "-q", "-r", "in", "--include", "*.gif", "--out-dir", "x") == 0
    arguments = ["-q", "-r", "in", "--exclude", "*.bmp", "--exclude", "sub/*", "--out-dir", "y"]
    assert exit_code(convert.main, *arguments) == 0
    assert (files_in("x"), files_in("y")) == (["sub/d.kmq"], ["b.kmq"])


def test_the_code_is_the_worst_of_all(capsys):
    """By number; each fault is one line that names its file, and the rest is converted."""
    Path("bad\n.png").write_bytes(b"bad")
    Path("old.png").write_bytes(Path("a.png").read_bytes())
    Path("old.kmq").write_bytes(b"old")
    names = ["no.png", "in", "old.png", "bad\n.png", "in/b.png"]
    assert convert.main(names) == 4
    *lines, summary = capsys.readouterr().err.splitlines()

    assert sorted(lines) == [
        r"kmq-convert: bad\n.png: not an image of a format that Pillow knows",
        "kmq-convert: in: is a directory; -r converts the pictures in it",
        "kmq-convert: no.png: No such file or directory",
        "kmq-convert: old.kmq: exists; -f replaces it",
    ]
    assert summary.startswith("kmq-convert: 5 files: 1 converted, 4 failed; ")
    assert Path("old.kmq").read_bytes() == b"old"
    assert convert.main(["--exact", "-k", "2", *names[:-1], "in/c.bmp"]) == 99
    assert convert.main(["no.png", "in/c.bmp", "-q"]) == 1


def test_a_damaged_kmq_in_a_set(capsys):
    """Nothing is written of it."""
    kmcodec.save(picture(9, 9, 4), "x.kmq")
    damage("x.kmq")
    assert convert.main(["a.kmq", "x.kmq", "--out-dir", "out"]) == 3
    assert files_in("out") == ["a.png"]
    assert "x.kmq: " in capsys.readouterr().err


def test_json(capsys):
    """A line a file, with what became of it."""
    assert convert.main(["--json", "-r", "in", "no.png", "--out-dir", "out", "-k", "4"]) == 1
    reports = told(capsys)

    assert set(reports) == {*TREE, "no.png"}
    assert reports["in/sub/d.gif"]["output"] == "out/sub/d.kmq"
    assert reports["in/sub/d.gif"]["bytes"] == Path("out/sub/d.kmq").stat().st_size
    assert reports["no.png"]["error"]["code"] == 1
    assert reports["in/b.png"]["colors"] == 4


def test_a_dry_run(capsys):
    """It prints what would go where, and does nothing."""
    before = files_in()
    arguments = ["-n", "-r", "in", "--out-dir", "out", "--manifest", "m", "--one-palette"]
    assert convert.main(arguments) == 0
    assert capsys.readouterr().out.splitlines() == [
        f"{name} -> out/{output}" for name, output in zip(TREE, OUTPUTS, strict=True)
    ]
    assert files_in() == before


@pytest.mark.parametrize("separator", ["\n", "\0"])
@pytest.mark.parametrize("source", ["list", "-"])
def test_lists(separator, source, monkeypatch):
    """From a file or a pipe; directories of relative names are kept."""
    data = separator.join(["in/sub/d.gif", "./in/b.png", "a.png"]).encode()
    Path("list").write_bytes(data)
    monkeypatch.setattr(sys, "stdin", FakeStandard(data))
    options = ["-0"] if separator == "\0" else []
    assert convert.main(["-q", "--files-from", source, *options, "--out-dir", "out"]) == 0
    assert files_in("out") == ["a.kmq", "in/b.kmq", "in/sub/d.kmq"]


def test_absolute_names_of_lists(tree, capsys):
    """They are converted beside the inputs, but have no place below a directory."""
    Path("list").write_text(f"{tree}/in/b.png\n../{tree.name}/in/c.bmp\n")
    assert convert.main(["--files-from", "list", "--out-dir", "out"]) == 4
    assert capsys.readouterr().err.count("has no place below --out-dir") == 2
    assert not Path("out").exists()
    assert convert.main(["--files-from", "list"]) == 0
    assert files_in("in") == ["b.kmq", "b.png", "c.bmp", "c.kmq", "sub/d.gif"]


def test_names_of_lists_are_no_options():
    """Whatever they begin with, contain or are."""
    names = ["-f", "--out-dir", "a\nb", " c ", "*", "%d", "~", "#", "ä😀"]
    for name in names:
        Path(name).write_bytes(Path("a.png").read_bytes())
    Path("list").write_bytes(b"\0".join(map(os.fsencode, names)))
    assert convert.main(["-q", "-0", "--files-from", "list", "--out-dir", "out"]) == 0
    assert files_in("out") == sorted(f"{name}.kmq" for name in names)


@pytest.mark.parametrize(
    ("name", "content", "fault"),
    [
        ("no", None, "kmq-convert: no: No such file or directory"),
        (".", None, "kmq-convert: .: Is a directory"),
        ("noise", b"x" * (1 << 18), "kmq-convert: noise: has a name of more than 65,536 bytes"),
    ],
)
def test_lists_that_are_none(name, content, fault, capsys):
    """One line, and nothing is done."""
    if content:
        Path(name).write_bytes(content)
    assert convert.main(["--files-from", name, "a.png"]) in (1, 3)
    assert capsys.readouterr().err.splitlines() == [fault]


def test_an_empty_list(monkeypatch, capsys):
    """As of a search that found nothing: that is no fault."""
    monkeypatch.setattr(sys, "stdin", FakeStandard(b""))
    assert convert.main(["--files-from", "-"]) == 0
    assert capsys.readouterr().err.startswith("kmq-convert: 0 files: ")


def test_a_list_of_a_closed_standard_input(monkeypatch, capsys):
    """It is told."""
    monkeypatch.setattr(sys, "stdin", None)
    assert convert.main(["--files-from", "-"]) == 1
    assert "it is closed" in capsys.readouterr().err


def test_one_palette(capsys):
    """All outputs have the same entries, and a bad file does not matter."""
    Path("in/bad.png").write_bytes(b"bad")
    arguments = ["--one-palette", "-k", "8", "--fixed", "red", "-r", "in", "--out-dir", "out"]
    assert convert.main(arguments) == 3
    assert files_in("out") == OUTPUTS
    palettes = {kmcodec.decode_indexed(f"out/{name}")[0].tobytes() for name in OUTPUTS}
    assert [len(palette) for palette in palettes] == [24]
    assert "3 converted, 1 failed" in capsys.readouterr().err


def test_a_set_that_no_palette_is_good_enough_for(capsys):
    """One line tells; there is no summary of nothing."""
    arguments = ["--one-palette", "-k", "2", "--psnr", "60-60", "-r", "in", "--out-dir", "out"]
    assert convert.main(arguments) == 99
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("kmq-convert: all inputs: ")


def test_resuming(capsys):
    """What is done is skipped, and what is gone or changed is done again."""
    run = ["--json", "-r", "in", "--out-dir", "out", "--manifest", "m"]
    assert convert.main([*run, "--resume"]) == 0  # though there is nothing yet
    Path("out/b.kmq").unlink()
    Image.fromarray(picture(5, 5, 3)).save("in/c.bmp")
    told(capsys)
    assert convert.main([*run, "--resume"]) == 0
    assert {name: report["status"] for name, report in told(capsys).items()} == {
        "in/b.png": "converted",
        "in/c.bmp": "converted",
        "in/sub/d.gif": "skipped",
    }
    assert same("out/c.kmq", "in/c.bmp")
    assert convert.main([*run, "--resume", "-f"]) == 0
    assert {report["reason"] for report in told(capsys).values()} == {"done by an earlier run"}


@pytest.mark.parametrize(
    ("options", "code", "fault"),
    [
        ([], 4, "m: exists; --resume goes on with it"),
        (["--resume", "-k", "3"], 2, "m: is of a run with other settings"),
    ],
)
def test_runs_that_cannot_go_on(options, code, fault, capsys):
    """They are one line, and nothing is done."""
    convert.main(["-q", "a.png", "--out-dir", "out", "--manifest", "m"])
    before = files_in()
    arguments = ["-r", "in", "--out-dir", "out", "--manifest", "m", *options]
    assert convert.main(arguments) == code
    (line,) = capsys.readouterr().err.splitlines()
    assert fault in line
    assert files_in() == before


@pytest.mark.parametrize("name", ["a.png", "in", "no/m"])
def test_what_is_no_manifest(name, capsys):
    """A picture that was named by mistake stays."""
    before = Path("a.png").read_bytes()
    assert convert.main(["in/b.png", "--manifest", name, "--resume"]) in (1, 4)
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"kmq-convert: {name}: ")
    assert Path("a.png").read_bytes() == before


def test_processes_that_cannot_be_started(monkeypatch, capsys):
    """They are one line, with no traceback."""

    class NoPool(batch.Pool):
        def submit(self, *_):
            raise BrokenExecutor("no process could be started: out of them")

    monkeypatch.setattr(batch, "Pool", NoPool)
    monkeypatch.setattr(batch, "are_many", lambda _: True)
    assert convert.main(["-j", "2", *TREE]) == 1
    assert capsys.readouterr().err == (
        "kmq-convert: --jobs: no process could be started: out of them\n"
    )


def test_jobs(monkeypatch):
    """-j 1 is this process alone, however many files there are."""
    monkeypatch.setattr(batch, "are_many", lambda _: True)
    monkeypatch.setattr(batch, "Pool", None)
    assert convert.main(["-q", "-j", "1", *TREE]) == 0


def test_names_that_are_no_text(capsys):
    """They are converted, and told of in ASCII."""
    name = os.fsdecode(b"\xff.png") if sys.platform == "linux" else "ÿ.png"
    Path(name).write_bytes(Path("a.png").read_bytes())
    try:
        assert convert.main(["-v", "--json", name, "a.png", "--out-dir", "out"]) == 0
        shown = capsys.readouterr()
        assert set(map(str.isascii, (shown.out, shown.err))) <= {True, sys.platform == "linux"}
        assert Path("out", name).with_suffix(".kmq").exists()
    finally:
        for folder in (".", "out"):
            for path in Path(folder).glob("*\udcff*" if sys.platform == "linux" else "ÿ*"):
                path.unlink()


@pytest.mark.parametrize("options", [[], ["--out-dir", "out"]])
def test_a_disk_that_is_full(options):
    """Each file that has no room is one line, and none is there in part."""
    resource = pytest.importorskip("resource")
    Image.fromarray(photo(80, 80)).save("big.png")
    result = run_tool(
        "kmq-convert",
        *("big.png", "in/b.png", *options),
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000)),
    )
    lines = result.stderr.decode().splitlines()

    assert result.returncode == 1
    assert "big.kmq: File too large" in lines[0]
    assert "2 files: 1 converted, 1 failed" in lines[1]
    assert not [name for name in files_in() if "big.kmq" in name or ".tmp" in name]


def test_a_manifest_for_which_there_is_no_room():
    """The run ends, as nothing could be resumed; what is done is complete."""
    resource = pytest.importorskip("resource")
    names = [f"{'n' * 90}{number}.png" for number in range(9)]
    for name in names:
        Path(name).write_bytes(Path("in/b.png").read_bytes())
    result = run_tool(
        "kmq-convert",
        *names,
        *("--manifest", "m"),
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000)),
    )
    lines = result.stderr.decode().splitlines()

    assert result.returncode == 1
    assert lines[-1] == "kmq-convert: m: File too large"
    assert "ended by an error" in lines[-2]
    assert all(json.loads(line) for line in Path("m").read_text().splitlines())
    assert not [name for name in files_in() if ".tmp" in name]
    result = run_tool("kmq-convert", *names, "--manifest", "m", "--resume")
    assert result.returncode == 0, result.stderr
    assert all(same(name, f"{name[:-4]}.kmq") for name in names)


@needs_bash
def test_a_reader_that_leaves():
    """Of --json only the first line is read: the run ends, and outputs are complete."""
    command = f'"{sys.executable}" "{TOOLS / "kmq-convert"}" --json -r in a.png --out-dir out'
    script = f"{command} | head -n 1; exit ${{PIPESTATUS[0]}}"
    for number in range(400):
        Path(f"in/{number}.png").write_bytes(Path("in/b.png").read_bytes())
    result = subprocess.run(
        ["bash", "-c", script], capture_output=True, check=False, timeout=60, text=True
    )
    assert len(result.stdout.splitlines()) == 1
    assert result.returncode == 141
    assert result.stderr.count("\n") == 1
    assert "ended by an error" in result.stderr
    assert 0 < len(files_in("out")) < 400
    assert all(name.endswith(".kmq") for name in files_in("out"))


@needs_full_device
def test_a_full_standard_output():
    """It is one line and the summary."""
    with Path("/dev/full").open("wb") as full:
        result = subprocess.run(
            [sys.executable, TOOLS / "kmq-convert", "--json", *TREE],
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
            timeout=60,
            text=True,
        )
    assert result.returncode == 1
    summary, fault = result.stderr.splitlines()
    assert "ended by an error" in summary
    assert fault == "kmq-convert: standard output: No space left on device"


@pytest.mark.parametrize(("closed", "code"), [("2>&-", 0), (">&-", 1), ("<&-", 0)])
def test_closed_streams(closed, code):
    """Where nothing can be told, nothing is done; otherwise all is."""
    result = run_shell("kmq-convert", "--json", *TREE, "--out-dir", "out", closed=closed)
    assert result.returncode == code
    assert files_in("out") == ([] if code else ["b.kmq", "c.kmq", "d.kmq"])


@needs_full_device
def test_a_full_standard_error():
    """Nobody reads it, so the run goes on."""
    Path("in/bad.png").write_bytes(b"bad")
    result = run_shell("kmq-convert", "-v", "-r", "in", "--out-dir", "out", closed="2>/dev/full")
    assert result.returncode == 3
    assert files_in("out") == OUTPUTS


@pytest.fixture
def slow(launch):
    """Make pictures that take long, and return a way to start the command for them."""
    Path("slow").mkdir()
    Image.fromarray(photo(700, 700)).save("slow/0.bmp")
    for number in range(1, 5):
        Path(f"slow/{number}.bmp").write_bytes(Path("slow/0.bmp").read_bytes())

    def start(*arguments):
        return launch([sys.executable, TOOLS / "kmq-convert", "--json", "-s", "1", *arguments])

    return start


def wait_for_temporary_file(folder):
    """Wait until something is being written."""
    for _ in range(3000):
        if Path(folder).is_dir() and any(Path(folder).iterdir()):
            return
        time.sleep(0.01)
    pytest.fail("nothing was written")


@pytest.mark.parametrize(
    ("jobs", "number", "code"),
    [(1, signal.SIGINT, 130), (2, signal.SIGINT, 130), (2, signal.SIGTERM, 143)],
)
def test_an_interrupt(slow, jobs, number, code):
    """It ends all processes, with a summary, and nothing is left but what is complete."""
    Path("out").mkdir()
    Path("slow/0.bmp").write_bytes(Path("in/c.bmp").read_bytes())  # which is done soon
    run = slow("-j", str(jobs), "-r", "in", "slow", "--out-dir", "out")
    wait_for_temporary_file("out")
    os.killpg(run.pid, number)  # as a terminal does
    out, err = run.communicate(timeout=20)  # until all processes have let go of it

    assert run.returncode == code
    assert err.count("\n") == 1
    assert ", interrupted" in err
    assert all(name.endswith(".kmq") for name in files_in("out"))
    assert {json.loads(line)["status"] for line in out.splitlines()} <= {"converted"}


def test_the_module_is_for_many(capsys):
    """What is requested is what the command line says."""
    parser = convert.make_parser()
    args = parser.parse_args(["-r", "in", "--include", "*.gif", "--ext=.kmq", "--if-exists=skip"])
    request = many.make_request(args)

    assert request.count() == 1
    assert (request.suffix, request.if_exists, request.mirrored) == (".kmq", "skip", False)
    assert capsys.readouterr() == ("", "")
