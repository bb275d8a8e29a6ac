"""The side-by-side: what README says is what was measured, and the benches run."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from helpers import photo
from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
TOOLS = ROOT / "tools"
FIGURES = TOOLS / "bench.json"
SETS = ["kodak", "cq100", "pixelart", "illustrations", "screens", "masks"]
SETTINGS = ["16 colors", "64 colors", "256 colors", "35 dB"]


@pytest.fixture
def report(monkeypatch):
    """The module that renders figures."""
    monkeypatch.syspath_prepend(TOOLS)
    import bench_report

    return bench_report


def run_bench(*arguments, tool="kmq-bench"):
    """Run a bench of ``tools``."""
    command = [sys.executable, str(TOOLS / tool), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, check=True, text=True, timeout=300)


def test_readme_is_what_was_measured(report):
    """The block of README is what the committed figures render to."""
    figures = json.loads(FIGURES.read_text())
    assert report.marked_block((ROOT / "README.md").read_text()) == report.render_block(figures)
    assert report.dump(figures) == FIGURES.read_text()


def test_figures_are_complete(report):
    """Every set has every tool and coder at every number of colors.

    Sets that 256 colors do not bring to 35 dB are left out there, lossy codecs beside exact files.
    """
    import bench_peers

    part = json.loads(FIGURES.read_text())["compare"]
    rows = report.rows_of(part)
    assert report.names_of(rows, "set") == list(part["sets"]) == SETS
    assert report.names_of(rows, "setting") == SETTINGS
    measured = [p for p in bench_peers.PIPELINES if "$pngquant" not in p.needs]
    for name in SETS:
        for setting in SETTINGS[:3]:
            found = {row["pipeline"] for row in report.find(rows, set=name, setting=setting)}
            assert {p.name for p in measured if p.kind != "lossy"} <= found

    reached = report.find(rows, pipeline=".kmq modelled", setting="35 dB")
    assert {"kodak", "screens", "masks"} <= {row["set"] for row in reached}
    assert all(row["psnr"] is None or row["psnr"] >= 35 for row in reached)
    lossy = {p.name for p in measured if p.kind == "lossy"}
    assert lossy == set(report.names_of(report.find(rows, set="kodak", kind="lossy"), "pipeline"))


def test_replaced_block(report):
    """Another block changes nothing around it."""
    text = f"a\n{report.BEGIN}\nold\n{report.END}\nb"
    new = report.replace_block(text, "new\nlines")
    assert new == f"a\n{report.BEGIN}\nnew\nlines\n{report.END}\nb"
    assert report.marked_block(new) == "new\nlines"


def test_slope(report):
    """The slope of a power law is its exponent."""
    rows = [{"x": x, "y": 3 * x**1.5} for x in (1, 10, 100)]
    assert report.slope(rows, "x", "y") == pytest.approx(1.5)


def test_compare_runs(report, tmp_path):
    """A tiny picture goes through all that is installed; what is missing is named."""
    folder = tmp_path / "tiny"
    folder.mkdir()
    Image.fromarray(photo(40, 24)).save(folder / "a.png")
    (folder / "notes.txt").write_text("not a picture")
    result = run_bench("compare", folder, "--json", tmp_path / "found.json")
    rows = report.rows_of(json.loads((tmp_path / "found.json").read_text())["compare"])
    left_out = [line.split(": ")[1] for line in result.stderr.splitlines() if "left out" in line]
    import bench_peers

    assert {p.name for p in bench_peers.PIPELINES if p.missing()} == set(left_out)
    base = {row["setting"]: row for row in report.find(rows, pipeline=".kmq modelled")}
    assert set(SETTINGS[:3]) <= set(base)
    for row in rows:
        assert row["pixels"] == 40 * 24
        assert row["base_bytes"] == base[row["setting"]]["bytes"]
        if row["kind"] == "lossy":
            assert row["psnr"] >= base[row["setting"]]["psnr"]
        if row["kind"] == "coder":
            assert row["psnr"] == base[row["setting"]]["psnr"]
    assert ".kmq modelled | 1.00" in result.stdout


def test_scale_runs(report, tmp_path):
    """Scaling on a small picture prints slopes."""
    options = ("--most-megapixels", "0.1", "--most-colors", "16")
    result = run_bench("scale", *options, "--json", tmp_path / "found.json")
    rows = report.rows_of(json.loads((tmp_path / "found.json").read_text())["scale"])
    assert [row["threads"] for row in rows] == [1, 2] * 3
    assert "Slopes in log-log" in result.stdout


def test_plots(tmp_path):
    """Each frontier of each kind is an SVG and a PNG, the same in every run."""
    pytest.importorskip("matplotlib")
    for place in ("a", "b"):
        run_bench("plot", FIGURES, tmp_path / place)
    names = sorted(path.name for path in (tmp_path / "a").iterdir())
    assert len(names) == 2 * 3 * 4
    for name in names:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_quantizers_are_measured(tmp_path):
    """MSE by system and number of colors, beside the peers there are and figures that are known."""
    Image.fromarray(photo(60, 40)).save(tmp_path / "a.png")
    known = tmp_path.parent / "known.csv"
    known.write_text("image,K,unique,other\na.png,8,9,1234.5\nb.png,8,9,1\n")
    printed = run_bench(
        *("error", tmp_path, "--colors", 8, "--speeds", 5, 10, "--peers", "Pillow"),
        *("--reference", known),
        tool="kmq-bench-quantizer",
    ).stdout
    systems = [line[:24].strip() for line in printed.splitlines()[3:]]

    assert systems == ["kmcodec speed=5", "kmcodec speed=10", "Pillow", "other"]
    assert "1234.500" in printed


def test_rates_are_measured(tmp_path):
    """Loss and bytes of each rate, and what the parts of the mapping gain."""
    Image.fromarray(photo(60, 40)).save(tmp_path / "a.png")
    few = ("--colors", 8, "--rates", 4, 32)
    table = run_bench(tmp_path, *few, tool="kmq-bench-rate").stdout

    assert "0 files larger than at rate 0" in table
    assert len([line for line in table.splitlines() if line.startswith("mean")]) == 2
