"""Test the conversion of many files: found, planned, run, in this process and in others."""

import json
import os
import stat
import subprocess
import sys
from concurrent.futures import BrokenExecutor, ThreadPoolExecutor
from pathlib import Path

import pytest
from commands import PACKAGES, damage, posix, same
from dying import Dying
from helpers import photo, picture
from PIL import Image

import kmcodec
from kmcodec.batch import convert as module
from kmcodec.batch.convert import Request, convert_files
from kmcodec.batch.pool import Pool
from kmcodec.conversion.faults import Exit, FileError
from kmcodec.conversion.task import Settings

pytestmark = posix  # as names are told as the system writes them


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    """Enter a folder with a tree of pictures of several formats, still and moving."""
    monkeypatch.chdir(tmp_path)
    Path("in/sub/deep").mkdir(parents=True)
    save(picture(20, 16, 9, seed=1), "in/a.png")
    save(photo(24, 20), "in/b.bmp")
    save(picture(12, 12, 30, 4, seed=2), "in/sub/c.png")
    save(picture(8, 8, 5, seed=3), "in/sub/deep/d.gif")
    frames = [Image.fromarray(picture(10, 10, 6, seed=seed)) for seed in range(3)]
    frames[0].save("in/sub/e.gif", save_all=True, append_images=frames[1:], duration=40)
    Path("in/sub/notes.txt").write_text("no picture")
    return tmp_path


TREE = ["a", "b", "sub/c", "sub/deep/d", "sub/e"]


def save(pixels, name):
    """Save pixels."""
    Image.fromarray(pixels).save(name)


def files_in(folder="."):
    """Return all files in a tree, temporary ones too."""
    root = Path(folder)
    return sorted(p.relative_to(root).as_posix() for p in root.rglob("*") if not p.is_dir())


def contents(folder):
    """Return the bytes of all files in a tree."""
    return {name: Path(folder, name).read_bytes() for name in files_in(folder)}


def convert(*names, settings=None, **request):
    """Convert files in this process, and return what became of each: status and code."""
    options = {name: request.pop(name) for name in OPTIONS & request.keys()}
    reports = convert_files(Request(names, **request), settings, **{"jobs": 1, **options})
    return {report.input: (report.status, report.code) for report in reports}


OPTIONS = {"one_palette", "executor", "in_flight", "jobs", "manifest", "resume"}
CONVERTED = ("converted", 0)


def test_a_tree():
    """It is mirrored, and .kmq files come back as pictures."""
    packed = convert("in", recursive=True, out_dir="packed")
    assert set(packed.values()) == {CONVERTED}
    assert files_in("packed") == [f"{name}.kmq" for name in TREE]
    assert len(list(kmcodec.decode_frames("packed/sub/e.kmq"))) == 3

    back = convert("packed", recursive=True, to="png", out_dir="back")
    assert set(back.values()) == {CONVERTED}
    assert files_in("back") == [f"{name}.png" for name in TREE]
    assert same("back/a.png", "in/a.png")
    with Image.open("back/sub/e.png") as moving:
        assert moving.n_frames == 3


def test_beside_the_inputs():
    """Without a directory for them, outputs are where inputs are."""
    assert set(convert("in", recursive=True).values()) == {CONVERTED}
    assert {f"{name}.kmq" for name in TREE} < set(files_in("in"))


def test_bad_files_are_told_and_the_rest_goes_on():
    """Whatever is wrong with them."""
    Path("in/bad.png").write_bytes(b"nonsense")
    Path("in/cut.png").write_bytes(Path("in/a.png").read_bytes()[:60])
    Path("in/empty.png").touch()
    kmcodec.save(picture(20, 16, 9), "x.kmq")
    damage("x.kmq")
    names = ["in/bad.png", "in/cut.png", "in/empty.png", "x.kmq", "no.png", "in", "in/a.png", "-"]

    assert convert(*names) == {
        "in/bad.png": ("failed", Exit.DAMAGED),
        "in/cut.png": ("failed", Exit.DAMAGED),
        "in/empty.png": ("failed", Exit.DAMAGED),
        "x.kmq": ("failed", Exit.DAMAGED),
        "no.png": ("failed", Exit.FAILED),
        "in": ("failed", Exit.USAGE),
        "-": ("failed", Exit.USAGE),
        "in/a.png": CONVERTED,
    }
    assert "x.png" not in files_in()


def test_a_file_that_vanishes():
    """Between the plan and its turn: it is told, and nothing is written."""
    reports = convert_files(Request(["in/a.png", "in/b.bmp", "in/sub/c.png"]), jobs=1)
    assert next(reports).status == "converted"
    Path("in/b.bmp").unlink()
    gone, last = reports

    assert gone.error == {"code": 1, "name": "in/b.bmp", "message": "No such file or directory"}
    assert last.status == "converted"
    assert "in/b.kmq" not in files_in()


def test_a_directory_in_place_of_an_output():
    """Made after it was planned: it is told, and nothing is put into it."""
    reports = convert_files(Request(["in/a.png", "in/b.bmp"]), jobs=1)
    next(reports)
    Path("in/b.kmq").mkdir()
    (last,) = reports
    assert last.code
    assert list(Path("in/b.kmq").iterdir()) == []


@pytest.mark.parametrize("if_exists", ["error", "skip", "newer", "overwrite"])
def test_an_output_that_is_a_hard_link_to_an_input(if_exists):
    """It is refused, or gets a file of its own; the input stays as it is."""
    os.link("in/a.png", "in/a.kmq")
    before = Path("in/a.png").read_bytes()
    forced = if_exists == "overwrite"
    statuses = convert("in/a.png", "in/b.bmp", if_exists=if_exists)

    assert statuses == {"in/a.png": CONVERTED if forced else ("failed", 4), "in/b.bmp": CONVERTED}
    assert Path("in/a.png").read_bytes() == before
    assert (Path("in/a.kmq").read_bytes() != before) == forced


def test_no_place_for_outputs():
    """A file where a directory is to be is told for each."""
    Path("out").write_bytes(b"mine")
    statuses = convert("in", recursive=True, out_dir="out")
    assert set(statuses.values()) == {("failed", Exit.FAILED)}
    assert Path("out").read_bytes() == b"mine"


@pytest.mark.parametrize("if_exists", ["error", "skip", "overwrite", "newer"])
def test_outputs_that_exist(if_exists):
    """What becomes of those, and of those that are older than inputs."""
    convert("in/a.png", "in/b.bmp")
    os.utime("in/b.kmq", (1, 1))
    before = contents("in")
    Path("in/a.kmq").write_bytes(b"old")
    os.utime("in/a.png", (10, 10))
    Path("in/b.kmq").write_bytes(b"old")
    os.utime("in/b.kmq", (1, 1))
    left = {"error": ("failed", 4), "skip": ("skipped", 0), "newer": ("skipped", 0)}
    expected = {
        "in/a.png": left.get(if_exists, CONVERTED),
        "in/b.bmp": CONVERTED if if_exists == "newer" else left.get(if_exists, CONVERTED),
        "in/sub/c.png": CONVERTED,
    }

    assert convert(*expected, if_exists=if_exists) == expected
    for name, output in (("in/a.png", "a.kmq"), ("in/b.bmp", "b.kmq")):
        is_made = expected[name] == CONVERTED
        assert contents("in")[output] == (before[output] if is_made else b"old")


@pytest.mark.parametrize(
    ("if_larger", "status", "files"),
    [
        ("keep", "converted", ["noise.bmp"]),
        ("skip", "skipped", []),
        ("copy", "copied", ["noise.kmq"]),
    ],
)
def test_outputs_that_are_larger(if_larger, status, files):
    """They are kept, or there is none, or the input is there in their place."""
    kmcodec.save(picture(30, 30, 256), "noise.kmq", coding="packed")
    settings = Settings(if_larger=if_larger)
    statuses = convert("noise.kmq", to="bmp", out_dir="out", settings=settings)

    assert statuses == {"noise.kmq": (status, 0)}
    assert files_in("out") == files
    if if_larger == "copy":
        assert Path("out/noise.kmq").read_bytes() == Path("noise.kmq").read_bytes()


@pytest.mark.parametrize(
    ("if_exists", "expected", "content"),
    [
        ("error", ("failed", 4), b"old"),
        ("skip", ("skipped", 0), b"old"),
        ("newer", ("skipped", 0), b"old"),
        ("overwrite", ("copied", 0), None),
    ],
)
def test_a_copy_over_another(if_exists, expected, content):
    """What is in its place is left, or replaced, as an output would be."""
    kmcodec.save(picture(30, 30, 256), "noise.kmq", coding="packed")
    Path("out").mkdir()
    Path("out/noise.kmq").write_bytes(b"old")
    settings = Settings(if_larger="copy")
    request = {"to": "bmp", "out_dir": "out", "if_exists": if_exists}

    assert convert("noise.kmq", **request, settings=settings) == {"noise.kmq": expected}
    data = Path("out/noise.kmq").read_bytes()
    assert data == (Path("noise.kmq").read_bytes() if content is None else content)


@pytest.mark.parametrize("out_dir", [None, "."])
@pytest.mark.parametrize("if_exists", ["error", "overwrite"])
def test_a_copy_beside_the_input(out_dir, if_exists):
    """It is the input, which stays as it is."""
    kmcodec.save(picture(30, 30, 256), "noise.kmq", coding="packed")
    before = Path("noise.kmq").stat()[stat.ST_MODE : stat.ST_ATIME]
    settings = Settings(if_larger="copy", preserve_times=True)
    request = {"to": "bmp", "out_dir": out_dir, "if_exists": if_exists}

    assert convert("noise.kmq", **request, settings=settings) == {"noise.kmq": ("skipped", 0)}
    assert Path("noise.kmq").stat()[stat.ST_MODE : stat.ST_ATIME] == before
    assert not Path("noise.bmp").exists()


def test_times():
    """Outputs, and copies, have those of inputs; so "newer" leaves them."""
    kmcodec.save(picture(30, 30, 256), "noise.kmq", coding="packed")
    for name in ("in/a.png", "noise.kmq"):
        os.utime(name, ns=(10**18 + 1, 10**18 + 77))
    settings = Settings(preserve_times=True, if_larger="copy")
    convert("in/a.png", out_dir="out", settings=settings)
    convert("noise.kmq", to="bmp", out_dir="out", settings=settings)

    for name in ("out/a.kmq", "out/noise.kmq"):
        assert Path(name).stat().st_mtime_ns == 10**18 + 77
    assert convert("in/a.png", out_dir="out", if_exists="newer") == {"in/a.png": ("skipped", 0)}
    os.utime("in/a.png", (2e9, 2e9))
    assert convert("in/a.png", out_dir="out", if_exists="newer") == {"in/a.png": CONVERTED}


def test_a_dry_run():
    """It tells of all files, and leaves no file, directory or manifest."""
    before = files_in()
    Path("in/bad.png").write_bytes(b"bad")
    settings = Settings(dry_run=True)
    statuses = convert(
        "in", recursive=True, out_dir="out", settings=settings, manifest="m", one_palette=True
    )

    assert statuses.pop("in/bad.png") == ("failed", 3)
    assert set(statuses.values()) == {("planned", 0)}
    assert len(statuses) == len(TREE)
    assert files_in() == sorted([*before, "in/bad.png"])


def test_exact_in_a_set():
    """What has too many colors is refused, and the rest is exact."""
    settings = Settings(options={"exact": True, "colors": 30})
    statuses = convert("in", recursive=True, settings=settings)
    assert statuses["in/b.bmp"] == ("failed", Exit.QUALITY)
    assert statuses["in/sub/c.png"] == CONVERTED
    assert "b.kmq" not in files_in("in")


def test_the_limit_of_pixels():
    """It is of each picture."""
    statuses = convert("in", recursive=True, settings=Settings(max_pixels=144))
    assert {name for name, status in statuses.items() if status != CONVERTED} == {
        "in/a.png",
        "in/b.bmp",
    }
    assert statuses["in/a.png"] == ("failed", Exit.FAILED)


def palettes(folder):
    """Return the palettes of all files in a tree."""
    return {kmcodec.decode_indexed(Path(folder, n))[0].tobytes() for n in files_in(folder)}


@pytest.mark.parametrize("options", [{}, {"colors": 7}, {"colors": 16, "fixed": ["#ff0001"]}])
def test_one_palette(options):
    """All outputs have exactly the same entries, however they were put to batches."""
    settings = Settings(options=options)
    Path("in/bad.png").write_bytes(b"bad")
    request = {"recursive": True, "settings": settings, "one_palette": True}
    statuses = convert("in", out_dir="out", **request)

    assert statuses.pop("in/bad.png") == ("failed", 3)
    assert set(statuses.values()) == {CONVERTED}
    assert len(palettes("out")) == 1
    (entries,) = palettes("out")
    assert len(entries) <= 4 * options.get("colors", 256)
    with ThreadPoolExecutor(2) as threads:
        convert("in", out_dir="again", executor=threads, **request)
    assert contents("again") == contents("out")


def test_one_palette_for_files_that_are_kmq():
    """They are encoded again, as no other format is made of them."""
    convert("in", recursive=True, out_dir="packed")
    names = [f"packed/{name}.kmq" for name in TREE]
    statuses = convert(*names, "in/a.png", out_dir="out", suffix="-9.kmq", one_palette=True)

    taken = ("failed", 4)
    assert statuses == dict.fromkeys(names, CONVERTED) | {"in/a.png": taken}
    assert len(palettes("out")) == 1


def test_one_palette_of_nothing():
    """Where no file can be read, each is told."""
    Path("bad.png").write_bytes(b"bad")
    assert convert("bad.png", "no.png", one_palette=True) == {
        "bad.png": ("failed", 3),
        "no.png": ("failed", 1),
    }
    assert convert(one_palette=True) == {}


def test_one_palette_that_is_not_good_enough():
    """It ends the run, as it is of all files."""
    settings = Settings(options={"psnr": (60, 60), "colors": 2})
    with pytest.raises(FileError) as caught:
        convert("in", recursive=True, settings=settings, one_palette=True)
    assert (caught.value.code, caught.value.name) == (Exit.QUALITY, "all inputs")


def test_a_run_is_resumed():
    """What was done is not done again, and what was not is."""
    request = Request(["in"], recursive=True, out_dir="out")
    settings = Settings()
    reports = convert_files(request, settings, jobs=1, manifest="m")
    assert next(reports).status == "converted"
    reports.close()
    assert files_in("out") == ["a.kmq"]
    made = Path("out/a.kmq").stat()

    statuses = convert(
        "in", recursive=True, out_dir="out", settings=settings, manifest="m", resume=True
    )
    assert statuses.pop("in/a.png") == ("skipped", 0)
    assert set(statuses.values()) == {CONVERTED}
    assert files_in("out") == [f"{name}.kmq" for name in TREE]
    assert Path("out/a.kmq").stat() == made


def test_a_run_is_resumed_as_it_was_begun():
    """Not with other settings, and not without a manifest."""
    convert("in/a.png", manifest="m")
    with pytest.raises(FileError, match="other settings") as caught:
        convert("in/b.bmp", manifest="m", resume=True, settings=Settings(options={"colors": 3}))
    assert caught.value.code == Exit.USAGE
    with pytest.raises(FileError, match="exists; --resume"):
        convert("in/b.bmp", manifest="m")
    with pytest.raises(ValueError, match="takes a manifest"):
        convert("in/b.bmp", resume=True)
    assert "in/b.kmq" not in files_in()


@pytest.mark.parametrize("if_exists", ["error", "overwrite"])
def test_a_manifest_and_what_is_replaced(if_exists):
    """With overwriting, too, what is done is not done again."""
    Path("in/a.kmq").write_bytes(b"old")
    first = convert("in/a.png", "in/b.bmp", manifest="m", if_exists=if_exists)
    replaced = if_exists == "overwrite"
    assert first == {"in/a.png": CONVERTED if replaced else ("failed", 4), "in/b.bmp": CONVERTED}
    again = convert("in/a.png", "in/b.bmp", manifest="m", resume=True, if_exists=if_exists)
    skipped = ("skipped", 0)
    assert again == {"in/a.png": skipped if replaced else ("failed", 4), "in/b.bmp": skipped}


def test_few_files_stay_in_this_process(monkeypatch):
    """Processes take longer to start than a few small pictures to convert."""
    monkeypatch.setattr(module, "Pool", None)
    assert convert("in", recursive=True, jobs=2)


def test_a_dry_run_stays_in_this_process(monkeypatch):
    """It only looks."""
    monkeypatch.setattr(module, "are_many", lambda _: True)
    monkeypatch.setattr(module, "Pool", None)
    settings = Settings(dry_run=True)
    assert convert("in", recursive=True, jobs=2, settings=settings)


@pytest.fixture
def processes(monkeypatch):
    """Have files converted in two other processes, however few they are."""
    monkeypatch.setattr(module, "are_many", lambda _: True)
    return {"jobs": 2}


def test_processes(processes):
    """They make the same files, and nothing else is left."""
    Path("in/bad.png").write_bytes(b"bad")
    name = os.fsdecode(b"in/\xff.png") if sys.platform == "linux" else "in/\xff.png"
    Path(name).write_bytes(Path("in/a.png").read_bytes())
    settings = Settings(options={"colors": 9})
    request = {"recursive": True, "settings": settings}
    here = convert("in", out_dir="here", **request)
    there = convert("in", out_dir="there", manifest="m", **processes, **request)

    assert there == here
    assert there["in/bad.png"] == ("failed", 3)
    assert contents("there") == contents("here")
    assert len(Path("m").read_text().splitlines()) == 1 + 1 + len(here)
    Path(name).unlink()


def test_a_worker_that_is_lost_leaves_nothing(processes):
    """What it was at is done once more, and its temporary file is gone."""
    Path("trap").touch()
    settings = Dying(make_parents=True)
    statuses = convert("in", recursive=True, out_dir="out", settings=settings, **processes)

    assert set(statuses.values()) == {CONVERTED}
    assert files_in("out") == [f"{name}.kmq" for name in TREE]


def test_a_picture_that_takes_every_worker_along(processes, monkeypatch):
    """It is told, and nothing is left of it."""
    monkeypatch.setenv("KMQ_DIE", "always")
    settings = Dying(make_parents=True)
    statuses = convert("in/a.png", out_dir="out", settings=settings, **processes)

    assert statuses == {"in/a.png": ("failed", 1)}
    assert files_in("out") == []


def test_a_run_that_is_closed(processes):
    """Nothing is half written, and the next run goes on."""
    request = Request(["in"], recursive=True, out_dir="out")
    settings = Settings()
    reports = convert_files(request, settings, manifest="m", **processes)
    next(reports)
    reports.close()

    assert all(name.endswith(".kmq") for name in files_in("out"))
    for name in files_in("out"):
        for _ in kmcodec.decode_frames(Path("out", name)):
            pass
    convert("in", recursive=True, out_dir="out", settings=settings, manifest="m", resume=True)
    assert files_in("out") == [f"{name}.kmq" for name in TREE]


def test_an_executor_that_ends():
    """It ends the run, with an error of its own."""

    class Ended:
        def submit(self, *_):
            raise BrokenExecutor("no more")

    with pytest.raises(BrokenExecutor, match="no more"):
        convert("in/a.png", executor=Ended())
    assert "in/a.kmq" not in files_in()


def test_an_executor_of_the_callers():
    """It is used, and stays open; batches wait as it is told."""
    asked = []
    with ThreadPoolExecutor(2) as threads:
        statuses = convert(
            "in",
            recursive=True,
            executor=threads,
            in_flight=lambda: asked.append(1) or 2,
        )
        assert threads.submit(int).result() == 0
    assert set(statuses.values()) == {CONVERTED}
    assert asked


def test_a_pool_that_is_shared():
    """Several runs may have one."""
    with Pool(1) as pool:
        for out_dir in ("one", "two"):
            settings = Settings()
            convert("in/a.png", out_dir=out_dir, executor=pool, settings=settings)
    assert contents("one") == contents("two") != {}


SCRIPT = """\
import sys
from kmcodec.batch import convert, run
from kmcodec.conversion.task import Settings

if __name__ == "__main__":
    convert.are_many = lambda _: True
    run.MOST_FILES = convert._AHEAD = 1
    request = convert.Request(["many"], recursive=True, out_dir="out")
    jobs = int(sys.argv[1])
    for report in convert.convert_files(request, Settings(), jobs=jobs, manifest="m"):
        print(report.status, flush=True)
        sys.stdin.read()
"""


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_run_that_is_killed_goes_on(jobs):
    """Outputs are complete, what was recorded is not done again, and no temporary file is left."""
    Path("many").mkdir()
    for number in range(8):
        save(picture(40, 40, 99, seed=number), f"many/{number}.bmp")
    Path("script.py").write_text(SCRIPT)
    run = subprocess.Popen(
        [sys.executable, "script.py", str(jobs)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": PACKAGES},
    )
    assert run.stdout.readline() == b"converted\n"
    run.kill()
    run.communicate()  # until its workers, too, have let go of it
    done = {
        record["done"]["output"]
        for record in map(json.loads, Path("m").read_text().splitlines())
        if "done" in record
    }
    states = {name: Path(name).stat() for name in done}
    assert 1 <= len(done) < 8

    settings = Settings(options={"speed": 10})
    with pytest.raises(FileError, match="other settings"):
        convert("many", recursive=True, out_dir="out", settings=settings, manifest="m", resume=True)
    statuses = convert("many", recursive=True, out_dir="out", manifest="m", resume=True)
    assert sum(status == ("skipped", 0) for status in statuses.values()) == len(done)
    assert set(statuses.values()) == {("skipped", 0), CONVERTED}
    assert {name: Path(name).stat() for name in done} == states
    assert files_in("out") == [f"{number}.kmq" for number in range(8)]
    for number in range(8):
        assert same(f"out/{number}.kmq", f"many/{number}.bmp")
