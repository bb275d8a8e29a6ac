"""Man pages and completions: they name what the parsers have, and shells take them."""

import re
import shlex
import shutil
import subprocess
import sys
from argparse import ArgumentParser
from itertools import chain
from pathlib import Path

import pytest
from commands import needs_bash

from kmcodec.cli import convert, info, report

TOOLS = Path(__file__).resolve().parent.parent / "tools"
SHARE = Path("docs", "share")
PARSERS = {parser.prog: parser for parser in (m.make_parser() for m in (convert, info, report))}
PLACES = {
    "man": "man/man1/{}.1",
    "bash": "bash-completion/completions/{}",
    "fish": "fish/vendor_completions.d/{}.fish",
    "zsh": "zsh/site-functions/_{}",
}
REQUESTS = {".TH", ".SH", ".TP", ".B", ".nf", ".fi"}

each_command = pytest.mark.parametrize("command", PARSERS)


def written(kind: str, command: str) -> Path:
    """Return the file that is installed for a command."""
    return TOOLS / SHARE / PLACES[kind].format(command)


def flags(parser: ArgumentParser) -> list[list[str]]:
    """Return the spellings of each option."""
    return [action.option_strings for action in parser._actions if action.option_strings]


@each_command
def test_man_pages_have_all_sections_and_options(command: str) -> None:
    """A page has the sections that readers look for, and each option in each of its spellings."""
    text = written("man", command).read_text("utf-8")
    sections = re.findall(r"^\.SH (.+)", text, re.MULTILINE)
    plain = re.sub(r"\\f[BIR]|\\[,/]", "", text).replace(r"\-", "-")
    lines = plain.splitlines()
    headings = [[part.split()[0] for part in line.split(", ")] for line in lines if line[:1] == "-"]

    assert sections[:4] == ["NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS"]
    assert sections[-2:] == ["EXAMPLES", "EXIT CODES"]
    assert text.startswith(f'.TH {command.upper()} "1" "" '.replace("-", r"\-"))
    for option in flags(PARSERS[command]):
        if option == ["-h", "--help"]:  # which argparse-manpage leaves to the synopsis
            assert "[-h]" in plain
        else:
            assert option in headings


@each_command
def test_man_pages_have_no_text_that_is_taken_for_a_request(command: str) -> None:
    """No line begins as one of roff's requests but those that are meant, so that none is lost."""
    lines = written("man", command).read_text("utf-8").splitlines()
    requests = {line.split()[0] for line in lines if line.startswith((".", "'"))}

    assert requests <= REQUESTS


@each_command
@pytest.mark.parametrize("shell", ["bash", "fish", "zsh"])
def test_completions_know_all_options(shell: str, command: str) -> None:
    """Each option is there in each of its spellings, and so are the choices of those with some."""
    text = written(shell, command).read_text("utf-8")
    for option in chain(*flags(PARSERS[command])):
        name = option.lstrip("-") if shell == "fish" else option
        assert re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text), option
    for action in PARSERS[command]._actions:
        if action.choices:
            assert " ".join(action.choices) in text


@needs_bash
@each_command
def test_bash_parses_completions(command: str) -> None:
    """The shell finds no fault in the script."""
    subprocess.run(["bash", "-n", written("bash", command)], check=True, timeout=60)


@needs_bash
@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("kmq-convert --sp", {"--speed", "--space"}),
        ("kmq-convert --space ", {"blend", "rgb", "oklab"}),
        ("kmq-convert --json --coding p", {"packed"}),
        ("kmq-convert a", {"a.png", "album"}),
        ("kmq-convert -k 16 a.png b", {"b.kmq"}),
        ("kmq-convert --palette-from a", {"a.png", "album"}),
        ("kmq-info --check", {"--check"}),
        ("kmq-info b.kmq b", {"b.kmq"}),
        ("kmq-report --png a", {"album"}),
    ],
)
def test_bash_completes(tmp_path: Path, words: str, expected: set[str]) -> None:
    """Options, their choices and names of files are what the function offers for a prefix."""
    for name in ("a.png", "b.kmq"):
        (tmp_path / name).touch()
    (tmp_path / "album").mkdir()
    command, *_ = typed = words.split(" ")
    program = (
        'source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); '
        f'_shtab_{command.replace("-", "_")}; printf "%s\\n" "${{COMPREPLY[@]}}"'
    )
    shell = ["bash", "-c", program, "bash", written("bash", command), *typed]
    result = subprocess.run(shell, capture_output=True, check=True, timeout=60, cwd=tmp_path)

    assert set(result.stdout.decode().split()) == expected


def test_stale_files_are_told_and_written_anew(tmp_path: Path) -> None:
    """``--check`` names what is changed, missing or strange; without it, all is as it was."""
    for library in ("argparse_manpage", "shtab"):
        pytest.importorskip(library)

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, tmp_path / "kmq-docs", *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)

    shutil.copy(TOOLS / "kmq-docs", tmp_path)
    shutil.copytree(TOOLS / SHARE, tmp_path / SHARE)
    assert run("--check").returncode == 0
    changed = tmp_path / SHARE / PLACES["man"].format("kmq-info")
    missing = tmp_path / SHARE / PLACES["zsh"].format("kmq-convert")
    strange = changed.with_name("kmq-old.1")
    changed.write_text("")
    missing.unlink()
    strange.touch()
    result = run("--check")
    assert result.returncode == 1
    assert all(str(path) in result.stderr for path in (changed, missing, strange))
    assert result.stderr.count("\n") == 3
    assert run().returncode == run("--check").returncode == 0
    assert not strange.exists()


def test_readme_names_options_that_exist() -> None:
    """What README says of many files are command lines that both parsers take."""
    readme = (TOOLS.parent / "README.md").read_text("utf-8")
    lines = re.findall(r"^kmq-.*", readme, re.MULTILINE)
    assert len(lines) >= 5
    for line in lines:
        command, *words = shlex.split(line, comments=True)
        PARSERS[command].parse_args(words)
