"""The conversion of many files as programs use it."""

import inspect
import json
import re
import subprocess
import sys
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

import pytest
from commands import same
from helpers import picture
from PIL import Image

import kmcodec
from kmcodec import batch
from kmcodec.batch import Report, Request, Settings, convert_files


@pytest.fixture(autouse=True)
def tree(tmp_path, monkeypatch):
    """Enter a folder with a tree of two pictures, and a file that is none."""
    monkeypatch.chdir(tmp_path)
    Path("art/in").mkdir(parents=True)
    for name in ("art/a.png", "art/in/b.png"):
        Image.fromarray(picture(9, 7, 12)).save(name)
    Path("art/c.png").write_text("none")
    return tmp_path


def test_the_surface():
    """The public names are these, all with a docstring, found as they are used, and told."""
    assert set(batch.__all__) == {"Report", "Request", "Settings", "convert_files"}
    assert set(batch.__all__) <= set(dir(batch))
    for name in batch.__all__:
        assert inspect.getdoc(getattr(batch, name)), name
        assert getattr(batch, name) is vars(batch)[name]
    with pytest.raises(AttributeError, match=r"'kmcodec\.batch' has no attribute 'convert_all'"):
        batch.convert_all  # noqa: B018


def test_parts_are_used_alone():
    """Whoever needs processes alone does not import what converts."""
    program = "import sys, kmcodec.batch.pool; print(*sys.modules)"
    command = [sys.executable, "-P", "-c", program]
    result = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)

    assert not {"kmcodec.batch.convert", "kmcodec.conversion"} & set(result.stdout.split())


def test_the_example():
    """That of the docstring makes a tree of .kmq files, and once more does nothing again."""
    code = inspect.cleandoc(re.search(r":\n\n(    .*)", batch.__doc__, re.DOTALL)[1])
    told = []
    for _ in range(2):
        with redirect_stdout(StringIO()) as output:
            exec(compile(code, "example", "exec"), {"__name__": "__main__"})
        told.append(sorted(output.getvalue().splitlines()))

    assert [line.split()[1] for line in told[0]] == ["converted", "failed", "converted"]
    assert [line.split()[1] for line in told[1]] == ["skipped", "failed", "skipped"]
    for name in ("a", "in/b"):
        assert same(f"art/{name}.png", f"packed/{name}.kmq")
    assert Path("run.jsonl").read_text().startswith('{"kmq_manifest"')


def test_reports():
    """Each file has one, also those that fail, whose values JSON has."""
    request = Request(["art"], recursive=True, out_dir="new/packed")
    settings = Settings(options={"colors": 4})
    reports = list(convert_files(request, settings, one_palette=True, jobs=1))
    converted = [report for report in reports if report.status == "converted"]
    palettes = {kmcodec.info(report.output).palette.tobytes() for report in converted}

    assert all(isinstance(report, Report) for report in reports)
    assert sorted(report.status for report in reports) == ["converted", "converted", "failed"]
    assert {report.colors for report in converted} == {4}
    assert len(palettes) == 1
    for report in reports:
        assert json.loads(json.dumps(report.as_json()))["input"] == report.input
