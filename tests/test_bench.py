"""The benches: what the pages say is what was measured, and they run."""

import json
import runpy
import subprocess
import sys
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from helpers import photo
from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
TOOLS = ROOT / "tools"
FIGURES = TOOLS / "bench" / "measured.json"
SETS = ["kodak", "cq100", "pixelart", "illustrations", "screens", "masks"]
SETTINGS = ["16 colors", "64 colors", "256 colors", "30 dB", "35 dB"]
pytestmark = pytest.mark.filterwarnings("ignore")  # peers may warn of what is theirs


@pytest.fixture(autouse=True)
def tools(monkeypatch):
    """Let the modules of the benches be imported."""
    monkeypatch.syspath_prepend(TOOLS)


@pytest.fixture
def figures():
    """Read what was measured."""
    return json.loads(FIGURES.read_text())


@pytest.fixture
def folder(tmp_path):
    """Make a folder with a picture of many colors, and something else."""
    path = tmp_path / "tiny"
    path.mkdir()
    Image.fromarray(photo(30, 16)).save(path / "a.png")
    (path / "notes.txt").write_text("not a picture")
    return path


@pytest.fixture
def sets(tmp_path):
    """Pictures of few colors, and how many bytes peers are said to need for them."""
    peers = {}
    for name, side in (("indexed/a_16", 24), ("masks/a", 32), ("masks/b", 32)):
        path = tmp_path / f"{name}.png"
        path.parent.mkdir(exist_ok=True)
        Image.fromarray(photo(side, side) & 0xC0).save(path)
        keys = ("webp_lossless_m6", "jxl_lossless_best_e7_e9", "png_oxipng4", "gif")
        peers[f"{name}.png"] = dict.fromkeys(keys, 10_000 if name != "masks/b" else 1)
    (tmp_path / "peers.json").write_text(json.dumps(peers))
    return tmp_path


@pytest.fixture
def run_bench(monkeypatch, capsys):
    """Return a function that runs the command in this process: its exit code, output and errors."""

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["kmq-bench", *map(str, arguments)])
        capsys.readouterr()
        code, message = 0, ""
        try:
            runpy.run_path(str(TOOLS / "kmq-bench"), run_name="__main__")
        except SystemExit as end:
            code, message = 1, f"{end}\n"
        shown = capsys.readouterr()
        return SimpleNamespace(returncode=code, stdout=shown.out, stderr=shown.err + message)

    return run


def test_pages_are_what_was_measured(figures):
    """RESULTS.md and the headlines of README are what the committed figures render to."""
    from bench.report import pages
    from bench.rows import dump

    found = pages(figures)
    assert set(found) == {ROOT / "README.md", TOOLS / "bench" / "RESULTS.md"}
    for path, text in found.items():
        assert path.read_text() == text
    assert dump(figures) == FIGURES.read_text()


def test_every_bench_is_reported(figures):
    """There are figures of each bench, and a report without some says which."""
    from bench.report import SECTIONS, render

    assert set(figures) == set(SECTIONS) - {"release"}
    with pytest.raises(SystemExit, match="no figures of: scale"):
        render({name: part for name, part in figures.items() if name != "scale"})


def test_readme_is_short():
    """A newcomer reads two pages."""
    assert (ROOT / "README.md").stat().st_size <= 7168  # 7 kB


def test_headlines_are_what_was_measured(figures):
    """What README shows of sizes are the sums of all files."""
    part = figures["sizes"]
    files, size, *peers = np.sum([row[1:] for row in part["rows"]], axis=0)
    assert part["columns"][1:] == ["files", "bytes", "webp", "jxl", "png", "gif"]
    text = (ROOT / "README.md").read_text()
    shares = " | ".join(f"{share:.2f}" for share in size / peers)
    assert f"| all, sum of bytes | {files} | {shares} |" in text
    assert f"Of these {files} files {files - len(part['not_smallest'])} are smaller" in text


def test_headline_of_animations(figures):
    """What README shows of animations are the sums of all."""
    part = figures["frames files"]
    sums = {
        name: sum(row[part["columns"].index(name)] for row in part["rows"])
        for name in ("bytes", "gif", "webp")
    }
    expected = (
        f"{len(part['rows'])} animations need {sums['bytes'] / sums['gif']:.2f} of GIF's bytes, "
        f"{sums['bytes'] / sums['webp']:.2f} of WebP's."
    )
    assert expected in (ROOT / "README.md").read_text()


def test_figures_are_complete(figures):
    """Every set has every tool and coder at every number of colors.

    Sets that 256 colors do not bring to a PSNR are left out there, lossy codecs beside exact files.
    """
    from bench.compare import Compared
    from bench.pipelines import PIPELINES
    from bench.rows import find, names_of, read

    part = figures["compare"]
    rows = read(part, Compared)
    assert names_of(rows, "set") == list(part["sets"]) == SETS
    assert set(names_of(rows, "setting")) == set(SETTINGS)
    for name in SETS:
        for setting in SETTINGS[:3]:
            found = {row.pipeline for row in find(rows, set=name, setting=setting)}
            assert {key for key, each in PIPELINES.items() if each.kind != "lossy"} <= found

    for level in (30, 35):
        reached = find(rows, setting=f"{level} dB")
        base = find(reached, pipeline=".kmq modelled")
        assert {"kodak", "screens", "masks"} <= {row.set for row in base}
        assert all(row.psnr is None or row.psnr >= level for row in reached)
    lossy = {key for key, each in PIPELINES.items() if each.kind == "lossy"}
    assert lossy == set(names_of(find(rows, set="kodak", kind="lossy"), "pipeline"))


def test_replaced_headlines():
    """Other headlines change nothing around them."""
    from bench.report import BEGIN, END, replace_headlines

    text = f"x\n{BEGIN}old{END}\ny\n"
    assert replace_headlines(text, "new\nlines") == text.replace("old", "new\nlines")


def test_slope():
    """The slope of a power law is its exponent."""
    from bench.scale import Scale, slope

    rows = [Scale("pixels", x, 256, 1, 3 * x**1.5, 1, 1, None, None) for x in (1, 10, 100)]
    assert slope(rows, "megapixels", "bytes") == pytest.approx(1.5)
    assert np.isnan(slope(rows, "megapixels", "encode_mib"))


def row_of(pipeline, kind, size, seconds, setting="16 colors", pictures=2, delta_e=1.0):
    """Make a row of a comparison; .kmq takes 100 bytes and a second."""
    from bench.compare import Compared

    place = ("photos", setting, pipeline, kind, pictures, 10**6, size, 100)
    return Compared(*place, 30.0, 0.9, delta_e, seconds, seconds, 1.0, 1.0)


def rendered(*rows):
    """Render the tables of a comparison."""
    from bench.compare_tables import render
    from bench.rows import record

    return render(record(rows, sets={"photos": ["a", "b"]}))


def test_losses_are_listed():
    """What is faster, smaller or nearer is named with its figure, and nothing else."""
    text = rendered(
        row_of(".kmq modelled", "tool", 100, 1.0),
        row_of("modelled indices", "coder", 99, 2.0),
        row_of("slower tool", "tool", 200, 2.0, delta_e=0.5),
        row_of("faster coder", "coder", 100, 0.5),
        row_of("smaller coder", "coder", 90, 3.0, pictures=1),
        row_of("AVIF", "lossy", 40, 3.0),
    ).split("### Where .kmq loses")[1]
    assert "| decode, coder: faster coder | 4.00 |  |  |" in text
    assert "coders: photos at 16 colors smaller coder 0.90 of 1." in text
    assert "photos at 16 colors AVIF 0.40 of 2." in text
    assert "photos at 16 colors slower tool 0.50 to 1.00." in text
    for name in ("faster coder", "smaller coder", "slower tool", "AVIF"):
        assert text.count(name) == (2 if name == "faster coder" else 1)
    assert rendered(row_of(".kmq modelled", "tool", 100, 1.0)).count("no set") == 3


def test_ratios_tell_of_how_many_pictures():
    """A ratio over fewer pictures than .kmq has says so; none is a dash."""
    text = rendered(
        row_of(".kmq modelled", "tool", 100, 1.0),
        row_of(".kmq modelled", "tool", 100, 1.0, "30 dB"),
        row_of("tool", "tool", 150, 1.0),
        row_of("tool", "tool", 250, 1.0, "30 dB", pictures=1),
        row_of("codec", "lossy", 50, 1.0),
    )
    assert "| tool | 2.50 (1) / - |" in text
    assert "| codec * | 0.50 / - |" in text


def test_merged_comparisons(tmp_path):
    """A set that is measured again takes the place of what was measured before."""
    from bench.rows import keep

    path = tmp_path / "found.json"
    old = {"date": "a", "sets": {"x": ["1"], "y": ["2"]}, "rows": [["x", 1], ["y", 2]]}
    new = {"date": "b", "sets": {"x": ["3"]}, "rows": [["x", 3]]}
    keep(path, "compare", old)
    keep(path, "compare", new)
    merged = {"date": "b", "sets": {"y": ["2"], "x": ["3"]}, "rows": [["y", 2], ["x", 3]]}
    assert json.loads(path.read_text()) == {"compare": merged}


def test_summed_rows():
    """Numbers are summed up, unless one is unknown, and texts kept."""
    from bench.rows import summed
    from bench.speed import Speed

    rows = [Speed("a", 1, 10, 1.5, 2, 3, None, 4, 5), Speed("a", 1, 20, 0.5, 2, 3, 1, 4, 5)]
    assert summed(rows) == ("a", 2, 30, 2, 4, 6, None, 8, 10)


def test_compare_runs(folder, capsys):
    """A tiny picture goes through all that is installed; what is missing is named."""
    from bench.compare import Compared, measure
    from bench.compare_tables import render
    from bench.installed import is_there
    from bench.pipelines import PIPELINES, Setting
    from bench.rows import find

    part = measure([folder], 1, (Setting(16), Setting(psnr=30)))
    lines = capsys.readouterr().err.splitlines()
    left_out = {line.split(": ")[1] for line in lines if "left out" in line}
    assert left_out == {
        name for name, each in PIPELINES.items() if not all(map(is_there, each.needs))
    }
    rows = part["rows"]
    base = {row.setting: row for row in find(rows, pipeline=".kmq modelled")}
    assert set(base) == {"16 colors", "30 dB"}
    for row in rows:
        assert isinstance(row, Compared)
        assert row.pixels == 30 * 16
        assert row.base_bytes == base[row.setting].bytes
        if row.kind == "lossy":
            assert row.psnr >= base[row.setting].psnr
        if row.kind == "coder":
            assert row.psnr == base[row.setting].psnr
    assert "| .kmq packed | " in render(part)


def test_scale_runs():
    """Scaling on small pictures tells slopes."""
    from bench.scale import measure, render

    part = measure((0.001, 0.002), (2,))
    assert [row.threads for row in part["rows"]] == [1, 2] * 3
    assert "Slopes in log-log" in render(part)


def test_profile_runs(tmp_path):
    """The kernel takes a part of the time, and a smoothed picture fewer bytes."""
    from bench.installed import is_there
    from bench.profile import measure, render

    if not is_there("PIL:avif"):
        pytest.skip("Pillow has no AVIF")
    noise = np.random.default_rng(0).integers(-20, 21, (48, 48, 3))
    picture = (photo(48, 48) + noise).clip(0, 255).astype(np.uint8)
    Image.fromarray(picture).save(tmp_path / "a.png")
    part = measure(tmp_path, 1, runs=1)
    assert [row.colors for row in part["rows"]] == [16, 64, 256]
    for row in part["rows"]:
        assert row.index_bits == 48 * 48 * {16: 4, 64: 6, 256: 8}[row.colors]
        assert 0 < row.kernel_seconds <= row.decode_seconds
        assert row.smooth_bytes < row.bytes
    assert "Smoothed by a 3 x 3 median" in render(part)


def test_models_are_told_apart():
    """The bench reads the model of a band out of its first bit."""
    from bench.profile import model_of

    from kmcodec.coding.modelled import Model, _encode_band

    indices = np.zeros((64, 64), np.uint8)
    for model in Model:
        assert model_of(_encode_band(indices, 64, model, 4096)) == model.name.lower()


def test_plots(figures, tmp_path):
    """Each frontier of each set is an SVG and a PNG, the same in every run."""
    pytest.importorskip("matplotlib")
    from bench.plot import plot

    first, second = (list(plot(figures["compare"], tmp_path / place)) for place in "ab")
    assert len(set(first)) == 2 * 3 * len(SETS)
    for one, other in zip(first, second, strict=True):
        assert one.name == other.name
        assert one.read_bytes() == other.read_bytes()


def test_sizes_run(sets):
    """Sets are summed up, files that a peer makes smaller named, and figures kept and printed."""
    found = sets / "found.json"
    command = [sys.executable, TOOLS / "kmq-bench", "sizes", sets, "--json", found]
    run = subprocess.run(command, capture_output=True, check=False, text=True, timeout=300)
    assert (run.returncode, run.stdout[:19]) == (0, "| bytes by a peer's")
    part = json.loads(found.read_text())["sizes"]
    assert [row[:2] for row in part["rows"]] == [["Kodak K=16", 1], ["masks", 2]]
    assert [row[0] for row in part["not_smallest"]] == ["masks/b.png"]
    assert "b.png (32 x 32 pixels" in run.stdout


def test_made_pictures_run(monkeypatch):
    """A pattern is coded by all, here a small one, as WebP takes seconds for others."""
    from bench.generated import MADE, gray_ramp
    from bench.sizes import measure_made, render_made

    monkeypatch.setitem(MADE, "small", lambda: gray_ramp(64, 32))
    part = measure_made(["small"])
    (row,) = part["rows"]
    assert 0 < row.webp_bytes < row.bytes < row.xz_bytes
    assert "| small | 64 x 32 | 64 |" in render_made(part)


def test_made_pictures_are_exact():
    """All but the largest are of at most 256 colors, and gradients of just as many."""
    from bench.generated import MADE

    names = [name for name in MADE if name != "large gray ramp"]
    colors = {name: len(Image.fromarray(MADE[name]()).getcolors(256)) for name in names}
    assert len(colors) == 10
    for name in ("gray ramp", "two colors", "two colors, slanted"):
        assert colors[name] == 256


def test_speed_runs(sets):
    """Sets and a sprite are coded beside peers."""
    pytest.importorskip("imagecodecs")
    pytest.importorskip("oxipng")
    from bench.speed import measure, render

    part = measure(sets, 1)
    assert [row.set for row in part["rows"]] == ["Kodak K=16", "masks", "sprite of 16 x 16"]
    assert "| masks | 1 |" in render(part)


def test_packed_coding_and_threads_run():
    """Packed coding at some widths, and two threads."""
    from bench.speed import measure_packed, measure_threads, render_packed, render_threads

    part = measure_packed(64, (1, 8, 9))
    assert [row.bits for row in part["rows"]] == [1, 8, 9]
    assert render_packed(part).count("\n") == 3
    assert "times as fast" in render_threads(measure_threads(64))


def test_releases_are_compared(sets):
    """A release beside itself needs the same bytes, and some time."""
    from bench.release import measure

    part = measure(sets, sys.executable, 1, runs=1)
    assert [row.set for row in part["rows"]] == ["Kodak K=16", "masks"]
    for row in part["rows"]:
        assert (row.pictures, row.bytes) == (1, row.before_bytes)
        assert min(row.decode_seconds, row.before_encode_seconds) > 0
    assert part["before"]["kmcodec"] == part["versions"]["kmcodec"]


def test_release_that_is_not_there(sets, run_bench):
    """An environment without kmcodec is named, not waited for."""
    run = run_bench("release", sets, "--before", "true")
    assert (run.returncode, run.stderr) == (1, "kmq-bench: true has ended\n")


def test_compared_releases_are_rendered():
    """Ratios of bytes and of times, and how fast both are."""
    from bench.release import Both, render

    row = Both("masks", 2, 10**6, 90, 100, 0.5, 1.0, 0.25, 1.0)
    text = render({"columns": Both._fields, "rows": [row], "before": {"kmcodec": "0.1"}})
    assert "| masks | 2 | 0.9000 | 4.00 | 2.00 | 4.00 | 1.00 | 2.00 | 1.00 |" in text
    assert text.endswith("The other release: kmcodec 0.1.")


def test_quantizers_are_measured(folder):
    """MSE by system and number of colors, that of RGB too, and times by those of others."""
    from bench.quantizer import measure_error, measure_speed, render_error, render_speed
    from bench.rows import names_of

    part = measure_error(folder, (8,))
    systems = names_of(part["rows"], "system")
    assert systems[:3] == ["kmcodec speed=5", "kmcodec speed=1", 'kmcodec space="rgb"']
    assert systems[-1] == "Pillow"
    assert part["rows"][0].mse < part["rows"][-1].mse
    assert "| 1 pictures of tiny | 8 colors |" in render_error(part)
    assert "| speed=5 | speed=5 |" in render_speed(measure_speed(folder, 1, (5, 10), 2000))


def test_front_is_measured(folder, monkeypatch):
    """What each system loses by every measure, and what it wins of its peer."""
    from bench import front
    from bench.front import SYSTEMS, measure, render
    from bench.installed import is_there
    from bench.rows import find

    monkeypatch.setattr(front, "PROCESSES", 1)
    part = measure([folder, folder], 1, (8,))
    rows = part["rows"]
    assert {row.system for row in rows} == {
        name for group in SYSTEMS.values() for name, each in group.items()
        if all(map(is_there, each.needs))
    }  # fmt: skip
    for row in rows:
        (own,) = find(rows, system=row.system)
        peers = find(rows, system=row.peer)
        assert row.pictures == 2
        if peers and own is not peers[0]:
            assert row.psnr_won == 2 * (own.psnr >= peers[0].psnr)
            assert row.blurred_won == 2 * (own.blurred < peers[0].blurred)
        else:
            assert (row.psnr_won, row.oklab_won) == (None, None)
    text = render(part)
    assert f"| kmcodec | {rows[0].psnr:.2f} | " in text
    assert "Means of 2 pictures of tiny and tiny." in text


def test_what_is_won():
    """PSNR is won by as much, a distance by less, and nothing by what is not known."""
    from bench.front import Look, won

    mine, theirs = [[Look(30, None, x, 2, y, 9)] for x, y in ((1, 0.1), (1.5, None))]
    found = [won(metric, mine, theirs) for metric in ("psnr", "oklab", "blurred", "flip")]
    assert found == [1, 1, 0, None]


def test_measures_of_quality():
    """Equal pictures have no distance; lightness is from 0 to 100; a blur hides a checkerboard."""
    from bench.quality import blurred_delta_e, delta_e, flip

    black, white = (np.full((32, 32, 3), level, np.uint8) for level in (0, 255))
    for measure in (delta_e, blurred_delta_e):
        assert measure(white, white) == 0
        assert measure(black, white) == pytest.approx(100, abs=0.01)
    checkers = np.where(np.indices((32, 32)).sum(axis=0)[..., None] % 2, black, white)
    half = np.full_like(white, 188)  # half the light of white
    assert delta_e(half, checkers) > 40
    assert blurred_delta_e(half, checkers) < 1
    assert flip(white, white) in (0, None)


def test_oklab_of_the_bench():
    """It is what the package has, but for rounding."""
    from bench.quality import delta_e

    from kmcodec.quantizer.space import SPACES

    a, b = photo(30, 20), photo(30, 20, 1)
    points = [SPACES["oklab"].to_points(each.reshape(-1, 3)).astype(float) for each in (a, b)]
    expected = np.linalg.norm(points[0] - points[1], axis=1).mean() * 100 / 4080
    assert delta_e(a, b) == pytest.approx(expected, abs=0.02)


def test_alpha_is_measured():
    """Shares of pixels, extremes, and errors by those of imagequant."""
    from bench.alpha import SYSTEMS, measure, render
    from bench.installed import is_there
    from bench.rows import find

    part = measure((8,), 2)
    rows = part["rows"]
    left = [name for name, each in SYSTEMS.items() if all(map(is_there, each.needs))]
    assert [row.system for row in rows] == left
    for row in rows:
        assert row.pictures == 2
        assert (row.most_seen > 0) == (row.seen > 0)
        assert (row.least_thinned < 255) == (row.thinned > 0)
        assert min(row.on_black, row.on_white) > 0
    text = render(part)
    if find(rows, system="imagequant"):
        line = next(line for line in text.splitlines() if "8 colors, imagequant |" in line)
        assert line.count("| 1.00 |") == 2
    assert "| 8 colors, kmcodec | " in text


def test_lost_alpha_is_counted():
    """A pixel that is seen, one that is thinner, and errors where they show."""
    from bench.alpha import kept

    before = np.array([[(0, 0, 0, 0), (0, 0, 0, 255), (9, 9, 9, 128), (0, 0, 0, 0)]], np.uint8)
    after = before.copy()
    after[0, :2, 3] = (51, 204)
    found = kept(before, after)
    assert found[:6] == (2, 1, 51, 1, 1, 204)
    assert found.on_black == 0
    assert found.on_white == pytest.approx(2 * 51**2 / 4)


def test_cutouts():
    """Discs and sprites have all kinds of alpha, and more colors than palettes."""
    from bench.generated import cutout

    for seed in (0, 1):
        pixels = np.asarray(cutout(seed)).reshape(-1, 4)
        alpha = pixels[:, 3]
        assert 0.2 < (alpha == 0).mean() < 0.9
        assert 0.05 < (alpha == 255).mean() < 0.7
        assert len(np.unique(alpha)) > 30
        assert len(np.unique(pixels, axis=0)) > 64
        assert not pixels[alpha == 0].any()


def test_contact_sheet(tmp_path, capsys):
    """A row for each place whose picture is there, a column for each system beside the original."""
    from bench.crops import GAP, LINE, SCALE, SIZE, Crop, draw

    pixels = np.dstack((photo(120, 100), np.full((100, 120), 128, np.uint8)))
    Image.fromarray(pixels).save(tmp_path / "a.png")
    crops = [Crop("a.png", (10, 20), 4, "skin", "black"), Crop("none.png", (0, 0), 4, "sky")]
    sheet = draw(tmp_path, crops)
    width, height = (side * SCALE for side in SIZE)
    assert sheet.height == 2 * LINE + height + GAP
    assert sheet.width >= 4 * (width + GAP)
    place = (np.array((2, 2)) * SCALE + (1, 2 * LINE + 1)).tolist()
    assert sheet.getpixel(place) == tuple(np.rint(pixels[22, 12, :3] * (128 / 255)))
    assert "left out, for want of its picture: none.png" in capsys.readouterr().err


def test_contact_sheet_of_nothing(tmp_path, run_bench):
    """A folder without these pictures is named, and no file is written."""
    run = run_bench("quantizer", "crops", tmp_path, tmp_path / "sheet.png")
    assert (run.returncode, run.stdout) == (1, "")
    assert run.stderr.splitlines()[-1] == f"kmq-bench: no pictures of these places in {tmp_path}"
    assert not (tmp_path / "sheet.png").exists()


def test_gains_over_imagequant(folder):
    """They are positive."""
    pytest.importorskip("imagequant")
    from bench.quantizer import measure_psnr, render_psnr

    part = measure_psnr(folder, (8,))
    assert part["rows"][0].mean_gain > 0
    assert "dB at 8 colors" in render_psnr(part)


def test_rates_are_measured(folder):
    """Loss and bytes of each rate, and of parts of the mapping."""
    from bench.rate import ablate, measure, render

    part = measure(folder, (8,), (4, 32))
    low, high = part["rows"]
    assert (low.rate, high.rate) == (4, 32)
    assert high.bytes_gain <= low.bytes_gain <= 0
    assert low.files_larger == high.files_larger == 0
    assert "0 are larger than at rate 0" in render(part)
    assert "| 8 colors, W and N alone | " in ablate(folder, (8,), (4, 32))


@pytest.fixture
def animations(tmp_path):
    """Make a folder with animations, a picture, and something else."""
    path = tmp_path / "animations"
    path.mkdir()
    frames = [Image.fromarray(photo(30, 16, n) & 0xC0) for n in (0, 1, 1, 2)]
    durations = [40, 20, 60, 80]
    for name, options in (("few.gif", {}), ("many.png", {"disposal": 1})):
        frames[0].save(
            path / name, save_all=True, append_images=frames[1:], duration=durations, loop=0,
            **options,
        )  # fmt: skip
    frames[0].save(path / "still.png")
    (path / "notes.txt").write_text("not a picture")
    return path


def moving_row(file, size, gif, webp, seconds=2.0):
    """Make a row of ten frames."""
    from bench.frames import Moving

    return Moving(file, 10, 30, 16, 9, size, seconds, 0.5, gif, 1.0, None, None, webp, 4.0, 0.25)


def test_animations_are_read(animations):
    """They are whole, of a palette if that holds all colors, and a cut one is no published GIF."""
    from bench import animations as read

    found = {each.name: each for each in read.read_animations(animations)}
    assert set(found) == {"few.gif", "many.png"}
    few = found["few.gif"]
    assert few.gif == (animations / "few.gif").read_bytes()
    assert found["many.png"].gif is None
    for each in found.values():
        assert (each.mode, {frame.mode for frame in each.frames}) == ("RGB", {"P"})
        seen = list(read.merged(each.seen()))
        assert [duration for _, duration in seen] == [40, 80, 80]
        for (pixels, _), seed in zip(seen, (0, 1, 2), strict=True):
            assert np.array_equal(pixels[..., :3], photo(30, 16, seed) & 0xC0)
            assert (pixels[..., 3] == 255).all()
    cut = read.read_animation(animations / "few.gif", 2)
    assert (len(cut.frames), cut.durations, cut.gif) == (2, [40, 80], None)


def test_animations_of_any_colors_are_read(tmp_path):
    """More colors than 256 stay RGB or RGBA, and what alpha hides is 0."""
    from bench.animations import are_equal, merged, read_animation, seen_by_pillow

    path = tmp_path / "a.png"
    for channels, colors in (("RGB", 512), ("RGBA", 512), ("RGBA", 8)):
        pixels = np.random.default_rng(0).integers(0, 256, (colors, len(channels)), np.uint8)
        pixels[0, -1] = 0
        frames = [Image.fromarray(pixels[None]), Image.fromarray(pixels[None, ::-1])]
        frames[0].save(path, save_all=True, append_images=frames[1:], duration=[10, 20])
        found = read_animation(path)
        is_few = colors <= 256
        assert (found.mode, found.frames[0].mode) == (channels, "P" if is_few else channels)
        if channels == "RGBA":
            pixels[pixels[:, 3] == 0] = 0
        for frame, expected in zip(found.images(), (pixels, pixels[::-1]), strict=True):
            assert np.array_equal(np.asarray(frame)[0], expected)
        for name, options in (("PNG", {}), ("WEBP", {"lossless": True})):
            seen = seen_by_pillow(found.saved(name, **options))
            assert are_equal(merged(seen), merged(found.seen()))


def test_folder_without_animations(folder, run_bench):
    """It is named."""
    run = run_bench("frames", "files", folder)
    assert (run.returncode, run.stderr.splitlines()[-1]) == (
        1,
        f"kmq-bench: no animations in {folder}",
    )


def test_what_is_seen_is_compared():
    """Frames joined are the same; another pixel, duration, or number of frames is not."""
    from bench.animations import are_equal, merged

    black, white = (np.full((2, 2, 4), level, np.uint8) for level in (0, 255))
    frames = [(black, 10), (black.copy(), 20), (white, 5)]
    assert [duration for _, duration in merged(frames)] == [30, 5]
    assert are_equal(merged(frames), [(black, 30.0), (white, 5)])
    assert are_equal(frames, frames)
    for other in (
        [(black, 30), (black, 5)],
        [(black, 29), (white, 5)],
        [(black, 30)],
        [(black, 30), (white, 5), (white, 5)],
        [],
    ):
        assert not are_equal(merged(frames), other)
        assert not are_equal(other, merged(frames))
    assert list(merged([])) == []


def test_animations_are_measured(animations, run_bench):
    """Bytes and times of all that is installed, and peers' figures are taken from before."""
    from bench.frames import WRITERS, Moving
    from bench.installed import is_there
    from bench.rows import read

    found = animations.parent / "found.json"
    run = run_bench("frames", "files", animations, "--json", found)
    assert run.returncode == 0
    figures = json.loads(found.read_text())
    few, many = read(figures["frames files"], Moving)
    assert (few.file, few.frames, few.width, few.height) == ("few.gif", 3, 30, 16)
    assert (many.file, many.frames, many.gif, many.gifsicle) == ("many.png", 4, None, None)
    assert few.gif == (animations / "few.gif").stat().st_size
    for name, writer in WRITERS.items():
        assert (getattr(few, name) is not None) == all(map(is_there, writer.needs))
        assert (f"left out, for want of {writer.needs[0]}: {name}" in run.stderr) == (
            getattr(few, name) is None
        )

    figures["frames files"]["rows"][0][Moving._fields.index("webp")] = 1
    figures["frames files"]["date"] = "long ago"
    found.write_text(json.dumps(figures))
    for options, webp, when in (((), 1, "long ago"), (("--frames", 2), None, None)):
        run = run_bench("frames", "files", animations, "--peers", found, "--json", found, *options)
        assert run.returncode == 0
        part = json.loads(found.read_text())["frames files"]
        row = read(part, Moving)[0]
        assert part.get("peers") == when
        assert row.webp == webp or (webp is None and row.webp != 1)
        assert (row.bytes == few.bytes) == (when is not None)


def test_format_that_loses_a_frame(animations, monkeypatch):
    """It is named, and so is the animation."""
    from bench import frames
    from bench.animations import read_animation

    animation = read_animation(animations / "few.gif")
    less = read_animation(animations / "few.gif", 2)
    writers = {"lossy": frames.Writer(lambda _: less.saved("PNG"))}
    with pytest.raises(SystemExit, match=r"lossy changes the frames of few\.gif"):
        frames.measure_peers(animation, writers)
    data = frames.encode(less)
    monkeypatch.setattr(frames, "encode", lambda _: data)
    with pytest.raises(SystemExit, match=r"few\.gif does not come back from .kmq"):
        frames.measure_kmq(animation)


def test_animations_are_rendered():
    """Sums, ratios of sums, and wins over peers that are known."""
    from bench.frames import render
    from bench.rows import record

    rows = [moving_row("a.gif", 50, 100, 40), moving_row("b.gif", 30, None, 60)]
    text = render(record(rows, peers="2026-01-02"))
    assert "| a.gif | 10 | 30 x 16 | 9 | 50 | 100 |  |  | 40 | 0.50 | 1.25 |" in text
    assert "| 2 animations | 20 |  |  | 80 |  |  |  | 100 |  | 0.80 |" in text
    assert "| 2 animations | 4.00 | 0.50 | 20.0 | 10.0 | 40.0 |" in text
    assert "Of 2 animations 1 are smaller than any peer's" in text
    assert "measured 2026-01-02." in text


def test_recordings_are_what_they_say(monkeypatch):
    """They have 256 colors, a tenth of which changes, or nothing, or some; every run is alike."""
    from bench import recordings

    monkeypatch.setattr(recordings, "LINES", 60)  # to draw 200 takes a second
    assert len(np.unique(recordings.palette(), axis=0)) == 256
    for make in (recordings.rewrite, recordings.scroll):
        assert np.array_equal(*(list(make(3, recordings.SMALL))[2] for _ in range(2)))
        one, two = make(2)
        assert one.shape == (800, 1280, 3)
        assert 0.08 < recordings.changed([one, two]) < 0.12
    rows, columns = recordings.LARGE.pane
    line = recordings.LARGE.line
    assert np.array_equal(one[rows, columns][line:], two[rows, columns][:-line])
    assert recordings.changed(recordings.hold(3, recordings.SMALL)) == 0
    assert 0 < recordings.changed(recordings.type_text(90)) < 0.05


def test_recordings_are_measured():
    """Each by a process of its own, that tells time, bytes and memory."""
    from bench.recorded import measure, render

    part = measure(2, ["text that is typed"])
    (row,) = part["rows"]
    assert (row.recording, row.frames) == ("text that is typed", 2)
    assert 0 < row.bytes < row.width * row.height
    assert row.whole_mib is None or row.whole_mib >= row.encode_mib
    assert "| text that is typed | 320 x 200 | 2 | " in render(part)


def test_a_recording_without_changes_is_measured(monkeypatch):
    """It is told that none of its pixels change."""
    from bench.recorded import measure_one, record, render
    from bench.recordings import RECORDINGS, SMALL, hold

    name = "a screen that is still"
    monkeypatch.setitem(RECORDINGS, name, (partial(hold, screen=SMALL), 9))
    row = measure_one(name, None)
    assert 0 < row.bytes < row.width * row.height
    assert f"| {name} | 320 x 200 | 9 | 0.0 % |" in render(record([row]))


def test_sheets_are_cut():
    """Sprites laid out in a sheet are cut out of it again."""
    from bench.sprites import MADE, cut, draw_sheet

    for draw, columns, rows in MADE.values():
        sprites = cut(draw_sheet(draw, columns, rows), columns, rows)
        assert len({sprite.tobytes() for sprite in sprites}) > len(sprites) // 2
        for frame, sprite in enumerate(sprites):
            assert sprite == draw(frame)


def test_sheets_are_measured(tmp_path, capsys):
    """Those made in code, and those of the folder; what is missing is named."""
    from bench.sprites import MADE, SHEETS, measure, render

    name, *missing = SHEETS
    Image.fromarray(photo(20, 10) & 0xC0).save(tmp_path / name)
    part = measure(tmp_path)
    assert [row.sheet for row in part["rows"]] == [*MADE, name]
    assert part["rows"][-1][1:4] == (2, 10, 10)
    for row in part["rows"]:
        assert min(row.bytes, row.still_bytes) > 0
    left_out = [line.split(": ")[1] for line in capsys.readouterr().err.splitlines()]
    assert left_out == missing
    assert f"| {name} | 2 | 10 x 10 | " in render(part)


@pytest.mark.slow
def test_programs_are_started(monkeypatch):
    """Each is run in a process of its own, and told beside the first."""
    from bench import startup

    monkeypatch.setattr(startup, "CODE", ("pass", "import kmcodec"))
    monkeypatch.setattr(startup, "COMMANDS", ("kmq-info a.kmq",))
    part = startup.measure(runs=1)
    programs = [row.program for row in part["rows"]]
    assert programs == ["pass", "import kmcodec", "kmq-info a.kmq"]
    shown = startup.render(part)
    assert shown.splitlines()[2].endswith("| 0 | 1.00 |")
    assert "| `kmq-info a.kmq` | " in shown
