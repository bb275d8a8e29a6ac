"""The benches: what the READMEs say is what was measured, and they run."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from helpers import photo
from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
TOOLS = ROOT / "tools"
FIGURES = TOOLS / "bench" / "measured.json"
SETS = ["kodak", "cq100", "pixelart", "illustrations", "screens", "masks"]
SETTINGS = ["16 colors", "64 colors", "256 colors", "30 dB", "35 dB"]


@pytest.fixture(autouse=True)
def tools(monkeypatch):
    """Return the modules of the benches can be imported."""
    monkeypatch.syspath_prepend(TOOLS)


@pytest.fixture
def figures():
    """Return what was measured."""
    return json.loads(FIGURES.read_text())


def run_bench(*arguments, tool="kmq-bench"):
    """Run a bench of ``tools``."""
    command = [sys.executable, str(TOOLS / tool), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, check=True, text=True, timeout=300)


def measured(*arguments, path, tool="kmq-bench"):
    """Return the figures that a bench keeps, by name."""
    run_bench(*arguments, "--json", path, tool=tool)
    return json.loads(path.read_text())


def test_readme_is_what_was_measured(figures):
    """The blocks of both READMEs are what the committed figures render to."""
    from bench.report import BLOCKS, marked_block
    from bench.rows import dump

    assert set(BLOCKS) == {"README.md", "tools/bench/README.md"}
    for path, blocks in BLOCKS.items():
        text = (ROOT / path).read_text()
        for name, render in blocks.items():
            assert marked_block(text, name) == render(figures)
    assert dump(figures) == FIGURES.read_text()


def test_readme_is_short():
    """A newcomer reads two pages."""
    assert (ROOT / "README.md").stat().st_size <= 7500


def test_headlines_are_what_was_measured(figures):
    """What README promises first are the sums of all files."""
    from bench.coding_figures import size_totals

    text = (ROOT / "README.md").read_text().split("## Install")[0]
    total = size_totals(figures["modelled sizes"])
    shares = [
        total["bytes"] / total[peer]
        for peer in ("WebP -m6", "JPEG XL best of -e7, -e9", "oxipng -o4")
    ]
    smallest = total["files"] - len(figures["modelled sizes"]["not_smallest"])
    assert (
        "Files of {} indexed pictures (photographs, masks, screens, sprites) are {:.2f} of what "
        "WebP lossless needs, {:.2f} of JPEG XL and {:.2f} of oxipng, and the smallest of all on "
        "{}."
    ).format(total["files"], *shares, smallest) in text


def test_figures_are_complete(figures):
    """Every set has every tool and coder at every number of colors.

    Sets that 256 colors do not bring to a PSNR are left out there, lossy codecs beside exact files.
    """
    from bench.peers import PIPELINES
    from bench.rows import find, names_of, rows_of

    part = figures["compare"]
    rows = rows_of(part)
    assert names_of(rows, "set") == list(part["sets"]) == SETS
    assert set(names_of(rows, "setting")) == set(SETTINGS)
    for name in SETS:
        for setting in SETTINGS[:3]:
            found = {row["pipeline"] for row in find(rows, set=name, setting=setting)}
            assert {p.name for p in PIPELINES if p.kind != "lossy"} <= found

    for level in (30, 35):
        reached = find(rows, setting=f"{level} dB")
        base = find(reached, pipeline=".kmq modelled")
        assert {"kodak", "screens", "masks"} <= {row["set"] for row in base}
        assert all(row["psnr"] is None or row["psnr"] >= level for row in reached)
    lossy = {p.name for p in PIPELINES if p.kind == "lossy"}
    assert lossy == set(names_of(find(rows, set="kodak", kind="lossy"), "pipeline"))


def test_replaced_block():
    """Another block changes nothing around it."""
    from bench.report import marked_block, marks, replace_block

    begin, end = marks("a")
    text = f"x\n{begin}old{end}\ny\n<!-- b: begin -->\nz\n<!-- b: end -->\n"
    new = replace_block(text, "a", "new\nlines")
    assert new == text.replace("old", "new\nlines")
    assert marked_block(new, "a") == "new\nlines"
    assert marked_block(new, "b") == "z"


def test_slope():
    """The slope of a power law is its exponent."""
    from bench.rows import slope

    rows = [{"x": x, "y": 3 * x**1.5} for x in (1, 10, 100)]
    assert slope(rows, "x", "y") == pytest.approx(1.5)


def row_of(pipeline, kind, size, seconds, setting="16 colors", pictures=2, delta_e=1.0):
    """Make a row of a comparison of photographs; .kmq takes 100 bytes and a second."""
    return {
        "set": "kodak",
        "setting": setting,
        "pipeline": pipeline,
        "kind": kind,
        "pictures": pictures,
        "pixels": 10**6,
        "bytes": size,
        "base_bytes": 100,
        "delta_e": delta_e,
        "encode_seconds": seconds,
        "decode_seconds": seconds,
    }


def test_losses_are_listed():
    """What is faster, smaller or nearer is named with its figure, and nothing else."""
    from bench.losses import render_losses

    text = render_losses([
        row_of(".kmq modelled", "tool", 100, 1.0),
        row_of("modelled indices", "coder", 99, 2.0),
        row_of("slower tool", "tool", 200, 2.0, delta_e=0.5),
        row_of("faster coder", "coder", 100, 0.5),
        row_of("smaller coder", "coder", 90, 3.0, pictures=1),
        row_of("AVIF", "lossy", 40, 3.0),
    ])  # fmt: skip
    assert "| decode, coder: faster coder | 4.00 |  |  |" in text
    assert "coders: kodak at 16 colors smaller coder 0.90 of 1." in text
    assert "kodak at 16 colors AVIF 0.40 of 2." in text
    assert "kodak at 16 colors slower tool 0.50 to 1.00." in text
    for name in ("faster coder", "smaller coder", "slower tool", "AVIF"):
        assert text.count(name) == (2 if name == "faster coder" else 1)
    assert "no set" in render_losses([row_of(".kmq modelled", "tool", 100, 1.0)])


def test_ratios_tell_of_how_many_pictures():
    """A ratio over fewer pictures than .kmq has says so; none is a dash."""
    from bench.report import render_ratios

    rows = [
        row_of(".kmq modelled", "tool", 100, 1.0),
        row_of(".kmq modelled", "tool", 100, 1.0, "30 dB"),
        row_of("tool", "tool", 150, 1.0),
        row_of("tool", "tool", 250, 1.0, "30 dB", pictures=1),
        row_of("codec", "lossy", 50, 1.0),
    ]
    text = render_ratios(rows, ("16 colors", "30 dB"), ("tool", "lossy"))
    assert "| tool | 1.50 / 2.50 (1) |" in text
    assert "| codec * | 0.50 / - |" in text


def test_merged_comparisons():
    """A set that is measured again takes the place of what was measured before."""
    from bench.compare import merge

    old = {"date": "a", "sets": {"x": ["1"], "y": ["2"]}, "rows": [["x", 1], ["y", 2]]}
    new = {"date": "b", "sets": {"x": ["3"]}, "rows": [["x", 3]]}
    merged = {"date": "b", "sets": {"y": ["2"], "x": ["3"]}, "rows": [["y", 2], ["x", 3]]}
    assert merge(old, new) == merged


def test_compare_runs(tmp_path):
    """A tiny picture goes through all that is installed; what is missing is named."""
    from bench.peers import PIPELINES
    from bench.rows import find, rows_of

    folder = tmp_path / "tiny"
    folder.mkdir()
    Image.fromarray(photo(40, 24)).save(folder / "a.png")
    (folder / "notes.txt").write_text("not a picture")
    result = run_bench("compare", folder, "--json", tmp_path / "found.json")
    rows = rows_of(json.loads((tmp_path / "found.json").read_text())["compare"])
    left_out = [line.split(": ")[1] for line in result.stderr.splitlines() if "left out" in line]
    assert {p.name for p in PIPELINES if p.missing()} == set(left_out)
    base = {row["setting"]: row for row in find(rows, pipeline=".kmq modelled")}
    assert set(SETTINGS[:3]) <= set(base)
    for row in rows:
        assert row["pixels"] == 40 * 24
        assert row["base_bytes"] == base[row["setting"]]["bytes"]
        if row["kind"] == "lossy":
            assert row["psnr"] >= base[row["setting"]]["psnr"]
        if row["kind"] == "coder":
            assert row["psnr"] == base[row["setting"]]["psnr"]
    assert ".kmq modelled | 1.00" in result.stdout


def test_scale_runs(tmp_path):
    """Scaling on a small picture prints slopes."""
    from bench.rows import rows_of

    options = ("--most-megapixels", "0.1", "--most-colors", "16")
    result = run_bench("scale", *options, "--json", tmp_path / "found.json")
    rows = rows_of(json.loads((tmp_path / "found.json").read_text())["scale"])
    assert [row["threads"] for row in rows] == [1, 2] * 3
    assert "Slopes in log-log" in result.stdout


def test_profile_runs(tmp_path):
    """The kernel takes a part of the time, and a smoothed picture fewer bytes."""
    from bench.peers import PIPELINES
    from bench.rows import rows_of

    if any(p.missing() for p in PIPELINES if p.name.startswith("AVIF")):
        pytest.skip("Pillow has no AVIF")
    folder = tmp_path / "tiny"
    folder.mkdir()
    noise = np.random.default_rng(0).integers(-20, 21, (64, 64, 3))
    Image.fromarray((photo(64, 64) + noise).clip(0, 255).astype(np.uint8)).save(folder / "a.png")
    rows = rows_of(measured("profile", folder, path=tmp_path / "found.json")["profile"])
    assert [row["colors"] for row in rows] == [16, 64, 256]
    for row in rows:
        assert row["index_bits"] == 64 * 64 * {16: 4, 64: 6, 256: 8}[row["colors"]]
        assert row["kernel_seconds"] <= row["decode_seconds"]
        assert row["smooth_bytes"] < row["bytes"]


def test_models_are_told_apart():
    """The bench reads the model of a band out of its first bit."""
    from bench.profile import model_of

    from kmcodec.coding.modelled import Model, _encode_band

    indices = np.zeros((64, 64), np.uint8)
    for model in Model:
        assert model_of(_encode_band(indices, 64, model, 4096)) == model.name.lower()


def test_plots(tmp_path):
    """Each frontier of each kind is an SVG and a PNG, the same in every run."""
    pytest.importorskip("matplotlib")
    for place in ("a", "b"):
        run_bench("plot", FIGURES, tmp_path / place)
    names = sorted(path.name for path in (tmp_path / "a").iterdir())
    assert len(names) == 2 * 3 * 4
    for name in names:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_coding_is_measured(tmp_path):
    """Packed coding at every width, two threads, and small pictures made in code."""
    from bench.rows import find, rows_of

    path = tmp_path / "found.json"
    found = measured("packed", "--size", 64, path=path)
    assert [row[0] for row in found["packed"]["rows"]] == list(range(1, 17))
    found = measured("threads", "--size", 64, path=path, tool="kmq-bench-modelled")
    names = ("--only", "tile map", "page of text")
    found = measured("made", *names, path=path, tool="kmq-bench-modelled")
    assert set(found) == {"packed", "modelled threads", "modelled made"}
    rows = rows_of(found["modelled made"])
    assert len(rows) == 2
    for picture, peer in (("tile map", "xz_bytes"), ("page of text", "webp_bytes")):
        (row,) = find(rows, picture=picture)
        assert row["bytes"] < row[peer]


def test_made_pictures_are_exact():
    """All are of at most 256 colors, and gradients of just as many."""
    from bench.made import made_pictures

    colors = {name: len(Image.fromarray(pixels).getcolors(256)) for name, pixels in made_pictures()}
    for name in ("gray ramp", "two colors", "two colors, slanted", "large gray ramp"):
        assert colors[name] == 256
    assert len(colors) == 11


def test_releases_are_compared(tmp_path):
    """A release beside itself needs the same bytes, and some time."""
    from bench.rows import rows_of

    for name, side in (("indexed/a_16", 24), ("cq100/a", 40), ("masks/a", 32), ("masks/b", 32)):
        path = tmp_path / f"{name}.png"
        path.parent.mkdir(exist_ok=True)
        Image.fromarray(photo(side, side) & 0xC0).save(path)
    options = ("--before", sys.executable, "--pictures", 1, "--runs", 1)
    found = measured(
        *("release", tmp_path, *options),
        path=tmp_path / "found.json",
        tool="kmq-bench-modelled",
    )["modelled release"]
    rows = rows_of(found)
    sets = ["Kodak K=16", *(f"CQ100 K={k}" for k in ("16", "64", "64 dithered", "256")), "masks"]
    assert [row["set"] for row in rows] == sets
    for row in rows:
        assert (row["pictures"], row["bytes"]) == (1, row["before_bytes"])
        assert row["jxl_decode_seconds"] is None
        assert min(row["decode_seconds"], row["before_encode_seconds"]) > 0
    assert found["before"]["kmcodec"] == found["versions"]["kmcodec"]


def test_release_that_is_not_there():
    """An environment without kmcodec is named, not waited for."""
    bench = [sys.executable, str(TOOLS / "kmq-bench-modelled"), "release", "."]
    run = subprocess.run([*bench, "--before", "true"], capture_output=True, text=True, check=False)
    assert (run.returncode, run.stderr) == (1, "kmq-bench-modelled: true has ended\n")


def test_compared_releases_are_rendered():
    """Ratios of bytes and of times, and how fast both are."""
    from bench.coding_figures import render_release
    from bench.release import COLUMNS

    row = ["masks", 2, 10**6, 90, 100, 0.5, 1.0, 0.25, 1.0, 0.125]
    part = {"columns": COLUMNS, "rows": [row], "before": {"kmcodec": "0.1"}, "kernels": "SSE2"}
    text = render_release(part)
    assert "| masks | 2 | 0.9000 | 4.00 | 2.00 | 4.00, 1.00 | 2.00, 1.00 | 0.50 |" in text
    assert text.endswith("The other release: kmcodec 0.1. This release has its SSE2 kernels.")


def test_corpus_is_measured(tmp_path):
    """What becomes of pictures is counted by outcome."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    few = photo(40, 24) & 0xC0
    for name in ("a.png", "b.png"):
        Image.fromarray(few).save(folder / name)
    Image.fromarray(photo(40, 24)).save(folder / "many.png")
    (folder / "notes.txt").write_text("not a picture")
    found = measured("corpus", folder, path=tmp_path / "found.json")["corpus"]["rows"]
    assert found == [
        ["identical", 2],
        ["quantized, of more than 256 colors", 1],
        ["not opened by Pillow: UnidentifiedImageError", 1],
    ]


def test_quantizers_are_measured(tmp_path):
    """MSE by system and number of colors, beside the peers there are and figures that are known."""
    from bench.rows import find, names_of, rows_of

    folder = tmp_path / "pictures"
    folder.mkdir()
    Image.fromarray(photo(60, 40)).save(folder / "a.png")
    known = tmp_path / "known.csv"
    known.write_text("image,K,unique,other\na.png,8,9,1234.5\nb.png,8,9,1\n")
    found = measured(
        *("error", folder, "--colors", 8, "--speeds", 5, 10, "--peers", "Pillow"),
        *("--reference", known),
        path=tmp_path / "found.json",
        tool="kmq-bench-quantizer",
    )
    rows = rows_of(found["quantizer error"])
    systems = ["kmcodec speed=5", "kmcodec speed=10", "Pillow", "other"]
    assert names_of(rows, "system") == systems
    assert find(rows, system="other")[0]["mse"] == 1234.5


def test_rates_are_measured(tmp_path):
    """Loss and bytes of each rate."""
    from bench.rows import rows_of

    folder = tmp_path / "pictures"
    folder.mkdir()
    Image.fromarray(photo(60, 40)).save(folder / "a.png")
    few = ("--colors", 8, "--rates", 4, 32)
    found = measured(folder, *few, path=tmp_path / "found.json", tool="kmq-bench-rate")["rate"]
    low, high = rows_of(found)
    assert (low["rate"], high["rate"]) == (4, 32)
    assert high["bytes_gain"] <= low["bytes_gain"] <= 0
    assert low["files_larger"] == high["files_larger"] == 0
