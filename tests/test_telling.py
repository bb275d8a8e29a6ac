"""Test what is told of files, where, and what is counted."""

import json
import sys
from argparse import Namespace
from io import StringIO

import pytest

from kmcodec.cli import telling
from kmcodec.cli.telling import Teller
from kmcodec.conversion.faults import Exit, FileError
from kmcodec.conversion.report import Report
from kmcodec.conversion.task import Task

CONVERTED = Report(
    "a.png",
    "a.kmq",
    "converted",
    warnings=("one", "two"),
    format="KMQ",
    width=4,
    height=3,
    mode="RGB",
    frames=1,
    input_bytes=1000,
    bytes=250,
    larger=False,
    colors=5,
    psnr=40.0,
    exact=False,
    loss="lost",
    seconds=1.0,
)
COPIED = Report("b.png", "x/b.png", "copied", "larger", input_bytes=100, bytes=100)
SKIPPED = Report("c.png", "c.kmq", "skipped", "exists", input_bytes=100)
PLANNED = Report("d\n.png", "d\n.kmq", "planned", input_bytes=100)
FAILED = Report.failed(Task("e.png"), FileError(Exit.REFUSED, "e.kmq", "no"))


def teller(**given):
    """Make one that tells of files as options say."""
    options = {"quiet": False, "verbose": False, "json": False, "dry_run": False}
    to_stdout = given.pop("to_stdout", False)
    return Teller("cmd", Namespace(**{**options, **given}), to_stdout=to_stdout)


def told(capsys, *reports, **options):
    """Return what is told of reports, on both streams."""
    one = teller(**options)
    for report in reports:
        one.tell(report)
    return capsys.readouterr()


def test_only_faults_warnings_and_losses_are_told(capsys):
    """What went well needs no word."""
    shown = told(capsys, CONVERTED, COPIED, SKIPPED, FAILED)
    assert shown.out == ""
    assert shown.err == (
        "cmd: a.png: warning: one\ncmd: a.png: warning: two\ncmd: a.png: lost\ncmd: e.kmq: no\n"
    )


def test_quiet_is_only_faults(capsys):
    """They are told in any case."""
    assert told(capsys, CONVERTED, COPIED, PLANNED, FAILED, quiet=True) == ("", "cmd: e.kmq: no\n")


def test_more_is_told_if_asked_for(capsys):
    """A line a file, however it ended."""
    lines = told(capsys, CONVERTED, COPIED, SKIPPED, FAILED, verbose=True).err.splitlines()
    assert lines[3:] == [
        "cmd: a.png: 4x3 RGB to KMQ of 250 bytes, 694.4 % of 24 bits a pixel, 5 colors, "
        "PSNR 40.00 dB, 1.00 s -> a.kmq",
        "cmd: b.png: copied: larger -> x/b.png",
        "cmd: c.png: skipped: exists -> c.kmq",
        "cmd: e.kmq: no",
    ]


@pytest.mark.parametrize("to_stdout", [True, False])
def test_json(capsys, to_stdout):
    """It is a line a file, of all facts, and not where a picture goes."""
    reports = [CONVERTED, COPIED, SKIPPED, PLANNED, FAILED]
    shown = told(capsys, *reports, json=True, quiet=True, to_stdout=to_stdout)
    text = shown.err.replace("cmd: e.kmq: no\n", "") if to_stdout else shown.out
    assert [json.loads(line) for line in text.splitlines()] == [
        json.loads(json.dumps(report.as_json())) for report in reports
    ]
    assert text.isascii()


def test_a_plan_is_a_line_a_file(capsys):
    """Whatever is in names, and in JSON if that is asked for."""
    assert told(capsys, PLANNED, FAILED, dry_run=True) == (
        "d\\n.png -> d\\n.kmq\n",
        "cmd: e.kmq: no\n",
    )
    (line,) = told(capsys, PLANNED, dry_run=True, json=True).out.splitlines()
    assert json.loads(line)["status"] == "planned"


def test_names_that_a_terminal_would_obey(capsys):
    """They are escaped, whatever they are told in."""
    name = "\x1b[2J\udcff\u202e.png"
    shown = told(capsys, Report(name, name, "skipped", name, warnings=(name,)), verbose=True).err
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    assert r"\x1b[2J\udcff\u202e.png" in shown


def test_the_code_is_the_worst():
    """By number, of all files."""
    one = teller()
    codes = []
    for code in (Exit.OK, Exit.FAILED, Exit.REFUSED, Exit.DAMAGED, Exit.QUALITY, Exit.USAGE):
        one.tell(Report.failed(Task("a"), FileError(code, "a", "b")) if code else CONVERTED)
        codes.append(one.code)
    assert codes == [0, 1, 4, 4, 99, 99]


def test_the_summary():
    """It counts files by what became of them, and bytes of those that are there."""
    one = teller(quiet=True)
    assert one.summary(0.04) == "0 files: 0.0 s"
    one.tell(CONVERTED)
    assert (
        one.summary(1.26) == "1 file: 1 converted; 1 not exact; 1,000 to 250 bytes (25.0 %); 1.3 s"
    )
    for report in (COPIED, SKIPPED, SKIPPED, PLANNED, FAILED):
        one.tell(report)
    assert (one.count, one.saved) == (6, 750)
    assert one.summary(60, "interrupted") == (
        "6 files: 1 converted, 1 copied, 1 planned, 2 skipped, 1 failed; 1 not exact; "
        "1,100 to 350 bytes (31.8 %); 60.0 s, interrupted"
    )


@pytest.mark.parametrize("options", [{"json": True}, {"dry_run": True}])
@pytest.mark.parametrize("to_stdout", [True, False])
def test_a_closed_stream(options, to_stdout, monkeypatch):
    """What was asked for and cannot be told is an error, before anything is done."""
    monkeypatch.setattr(sys, "stderr" if to_stdout else "stdout", None)
    with pytest.raises(FileError, match="it is closed"):
        teller(**options, to_stdout=to_stdout)
    assert teller(to_stdout=to_stdout)  # which tells nothing there


def test_a_standard_error_that_is_closed_or_full(monkeypatch):
    """Nobody is told, and the work goes on."""
    monkeypatch.setattr(sys, "stderr", None)
    one = teller(verbose=True)
    one.tell(CONVERTED)
    one.tell(FAILED)
    assert (one.code, one.count) == (4, 2)

    class Full(StringIO):
        def write(self, _text):
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(sys, "stderr", Full())
    one.tell(FAILED)
    assert not telling.is_watched()
