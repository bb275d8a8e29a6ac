"""Test how a plan is run: what is done, redone and told, and what is left on the disk."""

import json
from concurrent.futures import Future
from fractions import Fraction
from itertools import count
from pathlib import Path

import numpy as np
import pytest
from commands import posix
from helpers import picture
from PIL import Image

import kmcodec
from kmcodec.batch.batches import MOST_FILES
from kmcodec.batch.manifest import Manifest
from kmcodec.batch.plan import Job
from kmcodec.batch.run import (
    Leftovers,
    convert_pictures,
    digest_settings,
    is_there,
    may_replace,
)
from kmcodec.conversion.faults import Exit, FileError
from kmcodec.conversion.task import Settings, Task

pytestmark = pytest.mark.usefixtures("place")


class Inline:
    """An executor that works at once, in this process."""

    def __init__(self):
        self.batches = []

    def submit(self, function, /, batch):
        self.batches.append(batch)
        future = Future()
        future.set_result(function(batch))
        return future


def job(name, output=None, **settings):
    """Make a job of a picture as it is now."""
    state = Path(name).stat()
    task = Task(name, output or f"{name}.kmq", **settings)
    return Job(task, (state.st_size, state.st_mtime_ns))


def run(jobs, settings=None, executor=None, manifest=None, leftovers=None):
    """Run jobs, and return statuses by input."""
    with leftovers or Leftovers() as left:
        reports = convert_pictures(jobs, settings or Settings(), executor, left, manifest=manifest)
        return {report.input: (report.status, report.code) for report in reports}


def resume(jobs, settings=None, executor=None):
    """Run jobs with a manifest, as every run before."""
    with Leftovers() as left, Manifest.open("m", "digest", resume=True) as manifest:
        left.runs = manifest.runs
        return run(jobs, settings, executor, manifest, left)


def names_in(folder="."):
    """Return all names in a folder, those of temporary files too."""
    return sorted(path.name for path in Path(folder).iterdir())


def copies(*names):
    """Copy a picture."""
    for name in names:
        Path(name).write_bytes(Path("a.png").read_bytes())


@pytest.fixture(params=["here", "executor"])
def executor(request):
    """Make what runs batches: nothing, or an executor."""
    return Inline() if request.param == "executor" else None


def test_each_has_a_report(executor):
    """Of what cannot be done as well."""
    error = FileError(Exit.REFUSED, "b.png", "no")
    jobs = [error, job("a.png"), FileError(Exit.USAGE, "c.png", "no"), job("a.kmq")]

    assert run(jobs, executor=executor) == {
        "a.png": ("converted", 0),
        "a.kmq": ("converted", 0),
        "b.png": ("failed", 4),
        "c.png": ("failed", 2),
    }


def test_only_errors():
    """They are told though there is nothing to do."""
    errors = [FileError(Exit.FAILED, str(number), "no") for number in range(3)]
    assert run(errors) == {str(number): ("failed", 1) for number in range(3)}
    assert run([]) == {}


def test_errors_without_end_do_not_wait(executor):
    """Many of them are told though no picture is among them."""
    errors = (FileError(Exit.FAILED, str(number), "no") for number in count())
    with Leftovers() as left:
        reports = convert_pictures(errors, Settings(), executor, left)
        assert [next(reports).input for _ in range(2500)] == [str(n) for n in range(2500)]
        reports.close()


def test_pictures_are_told_one_by_one_here():
    """Where nothing is sent, each is told of, and recorded, as soon as it is done."""
    copies("b.png")
    with Leftovers() as left:
        reports = convert_pictures([job("a.png"), job("b.png")], Settings(), None, left)
        assert next(reports).input == "a.png"
        assert Path("a.png.kmq").exists()
        assert not Path("b.png.kmq").exists()
        reports.close()


def test_batches_for_an_executor():
    """There they are sent together."""
    executor = Inline()
    copies(*(f"{number}.png" for number in range(MOST_FILES + 1)))
    jobs = [job(f"{number}.png") for number in range(MOST_FILES + 1)]

    assert set(run(jobs, executor=executor).values()) == {("converted", 0)}
    assert sum(map(len, executor.batches)) == MOST_FILES + 1
    assert max(map(len, executor.batches)) > 1


@pytest.mark.parametrize(
    ("if_exists", "expected"),
    [("error", "failed"), ("skip", "skipped"), ("newer", "skipped"), ("overwrite", "converted")],
)
def test_outputs_that_exist(executor, if_exists, expected):
    """Only those that were not there when their batch began may be replaced in it."""
    Path("a.png.kmq").write_bytes(b"old")
    copies("b.png")
    jobs = [job("a.png", if_exists=if_exists), job("b.png", if_exists=if_exists)]
    statuses = run(jobs, executor=executor)

    assert [statuses[name][0] for name in ("a.png", "b.png")] == [expected, "converted"]
    assert (Path("a.png.kmq").read_bytes() == b"old") == (expected != "converted")


@posix
@pytest.mark.parametrize("if_exists", ["error", "skip", "newer", "overwrite"])
def test_an_output_is_looked_for_where_that_matters(if_exists):
    """A link that leads nowhere is there, too."""
    Path("old").write_bytes(b"old")
    Path("link").symlink_to("nowhere")
    there = [is_there(job("a.png", name, if_exists=if_exists)) for name in ("old", "link", "new")]

    assert there == [if_exists != "overwrite"] * 2 + [False]
    assert not is_there(Job(Task("a.png")))
    assert not is_there(may_replace(job("a.png", "old", if_exists=if_exists)))


def test_the_place_of_a_copy_is_looked_at_too():
    """But the input is not in its own place."""
    Path("sub").mkdir()
    Path("sub/a.png").write_bytes(b"old")
    assert is_there(job("a.png", "sub/a.kmq"), copies=True)
    assert not is_there(job("a.png", "sub/a.kmq"))
    for output in ("b.kmq", "./b.kmq", "sub/../b.kmq"):
        assert not is_there(job("a.png", output), copies=True)


def test_a_second_run_does_only_what_is_left(executor):
    """What is done is skipped, and what has failed is tried again."""
    copies("b.png", "bad.png")
    Path("bad.png").write_bytes(b"bad")
    jobs = [job("a.png"), job("bad.png")]
    assert resume(jobs, executor=executor) == {"a.png": ("converted", 0), "bad.png": ("failed", 3)}
    made = Path("a.png.kmq").stat()

    copies("bad.png")
    jobs = [job("a.png"), job("b.png"), job("bad.png")]
    assert resume(jobs, executor=executor) == {
        "a.png": ("skipped", 0),
        "b.png": ("converted", 0),
        "bad.png": ("converted", 0),
    }
    assert Path("a.png.kmq").stat() == made
    assert set(resume(jobs, executor=executor).values()) == {("skipped", 0)}


def test_an_input_that_has_changed_is_done_again(executor):
    """Its output is replaced, as it was made of it."""
    assert resume([job("a.png")], executor=executor) == {"a.png": ("converted", 0)}
    Image.fromarray(picture(9, 9, 3)).save("a.png")
    assert resume([job("a.png")], executor=executor) == {"a.png": ("converted", 0)}
    assert kmcodec.decode("a.png.kmq").shape == (9, 9, 3)


def test_an_output_of_somebody_else_is_not_replaced(executor):
    """What was put in its place, whether or not the input has changed."""
    assert resume([job("a.png")], executor=executor) == {"a.png": ("converted", 0)}
    Path("a.png.kmq").write_bytes(b"mine")
    assert resume([job("a.png")], executor=executor) == {"a.png": ("failed", 4)}
    Image.fromarray(picture(9, 9, 3)).save("a.png")
    assert resume([job("a.png")], executor=executor) == {"a.png": ("failed", 4)}
    assert Path("a.png.kmq").read_bytes() == b"mine"


def test_an_output_that_is_gone_is_made_again(executor):
    """With an input that has not changed."""
    assert resume([job("a.png")], executor=executor) == {"a.png": ("converted", 0)}
    Path("a.png.kmq").unlink()
    assert resume([job("a.png")], executor=executor) == {"a.png": ("converted", 0)}


def test_an_output_that_was_there_is_not_replaced_later(executor):
    """A failure does not make it one of ours."""
    Path("a.png.kmq").write_bytes(b"old")
    for _ in range(3):
        assert resume([job("a.png")], executor=executor) == {"a.png": ("failed", 4)}
    assert Path("a.png.kmq").read_bytes() == b"old"


def test_a_run_that_was_killed_goes_on(executor):
    """What it had begun may be there, complete; it is made again, and nobody's fault."""
    with Manifest.open("m", "digest", resume=True) as manifest:
        manifest.begin(["a.png.kmq"])
        leftover = f".kmq-{manifest.run}-0123456789abcdef.tmp"
    Path("a.png.kmq").write_bytes(b"complete, as far as is known")
    Path(leftover).write_bytes(b"half")
    Path(".kmq-0000000000000000-0123456789abcdef.tmp").write_bytes(b"of another run")

    assert resume([job("a.png")], executor=executor) == {"a.png": ("converted", 0)}
    assert kmcodec.decode("a.png.kmq").shape == (128, 128, 3)
    assert leftover not in names_in()
    assert ".kmq-0000000000000000-0123456789abcdef.tmp" in names_in()


@pytest.mark.parametrize("name", ["a.png.kmq", "sub/a.kmq", "./a.kmq", "{}/a.kmq"])
def test_leftovers_are_removed_wherever_outputs_are(name, place):
    """In this directory, too, however it is named."""
    Path("sub").mkdir()
    batch = (job("a.png", name.format(place)),)
    folder = Path(name.format(place)).parent
    with Leftovers() as left:
        left.begin(batch)
        (folder / f".kmq-{left.run}-0123456789abcdef.tmp").write_bytes(b"half")
        (folder / ".kmq-0123456789abcdef-0123456789abcdef.tmp").write_bytes(b"other")
        (folder / "a.tmp").write_bytes(b"mine")
    assert [n for n in names_in(folder) if n.endswith("tmp")] == [
        ".kmq-0123456789abcdef-0123456789abcdef.tmp",
        "a.tmp",
    ]


def test_where_nothing_is_written_nothing_is_looked_for(monkeypatch):
    """Directories of batches that are done have no leftovers, and URLs are none."""
    looked = []
    monkeypatch.setattr("kmcodec.batch.run.remove_leftovers", lambda *given: looked.append(given))
    one, other = (job("a.png", "x/a.kmq"),), (job("a.png", "y/a.kmq"),)
    with Leftovers() as left:
        left.begin(one)
        left.begin(other)
        left.begin(one)
        left.begin((job("a.png", "s3://bucket/a.kmq"),))
        left.finish(one)
        left.finish(one)
    assert looked == [("y", [left.run])]


def test_batches_that_come_back_in_pieces_are_done():
    """As the engine does whose worker was lost."""
    batch = job("a.png", "x/a.kmq"), job("a.png", "x/b.kmq")
    left = Leftovers()
    left.begin(batch)
    left.finish(batch[:1])
    assert left._begun
    left.finish(batch[1:])
    assert not left._begun


def test_a_manifest_that_cannot_be_written_ends_the_run(executor):
    """So nothing is done that the next run does not know of."""

    class Full:
        def is_done(self, *_):
            return False

        made = begun = is_done

        def begin(self, _outputs):
            raise FileError(Exit.FAILED, "m", "No space left on device")

    with pytest.raises(FileError, match="No space left"):
        run([job("a.png")], executor=executor, manifest=Full())
    assert names_in() == ["a.kmq", "a.png"]


def test_the_record_is_of_the_planned_output(executor):
    """Of a copy as well, which has another name."""
    Path("out").mkdir()
    settings = Settings(if_larger="copy")
    kmcodec.save(picture(30, 30, 256), "b.kmq", coding="packed")
    jobs = [job("b.kmq", "out/b.bmp")]
    assert resume(jobs, settings, executor) == {"b.kmq": ("copied", 0)}
    assert names_in("out") == ["b.kmq"]
    done = json.loads(Path("m").read_text().splitlines()[-1])["done"]
    assert (done["output"], done["status"]) == ("out/b.bmp", "copied")
    assert resume(jobs, settings, executor) == {"b.kmq": ("skipped", 0)}
    Path("out/b.kmq").unlink()
    assert resume(jobs, settings, executor) == {"b.kmq": ("copied", 0)}


@pytest.mark.parametrize("if_larger", ["skip", "copy"])
def test_what_would_be_larger_is_not_encoded_again(executor, if_larger):
    """Beside the input there is nothing to show for it but the record."""
    kmcodec.save(picture(30, 30, 256), "b.kmq", coding="packed")
    jobs = [job("b.kmq", "b.bmp")]
    for is_first in (True, False):
        with Leftovers() as left, Manifest.open("m", "digest", resume=True) as manifest:
            settings = Settings(if_larger=if_larger)
            (report,) = convert_pictures(jobs, settings, executor, left, manifest=manifest)
        assert report.status == "skipped"
        assert (report.reason != "done by an earlier run") == is_first
    assert names_in() == ["a.kmq", "a.png", "b.kmq", "m"]


OTHERS = [
    {"options": {"colors": 5}},
    {"options": {"palette": np.zeros((2, 3), np.uint8)}},
    {"options": {"palette": np.zeros((2, 4), np.uint8)}},
    {"options": {"palette": [(1, 2, 3)]}},
    {"options": {"exif": b"x"}},
    {"options": {"dpi": (1.0, 2.0)}},
    {"frames": slice(0, 3)},
    {"frames": slice(0, 3, 2)},
    {"fps": Fraction(1, 3)},
    {"loop": 0},
    {"key_interval": 3},
    {"background": (0, 0, 0)},
    {"auto_orient": True},
    {"keep": frozenset()},
    {"keep": frozenset({"exif"})},
    {"if_larger": "skip"},
    {"preserve_times": True},
    {"make_parents": True},
]


@pytest.mark.parametrize("changes", OTHERS)
def test_settings_that_make_other_outputs(changes):
    """Each has a digest of its own."""
    assert digest_settings(Settings(**changes)) != digest_settings(Settings())


def test_all_settings_that_make_other_outputs_differ():
    """They are not taken for one another."""
    assert len({digest_settings(Settings(**changes)) for changes in OTHERS}) == len(OTHERS)


@pytest.mark.parametrize(
    "changes",
    [
        {"options": {"threads": 3}},
        {"options": {"progress": print}},
        {"describe_loss": True},
        {"dry_run": True},
        {"max_pixels": 10**9},
        {"run": "0123"},
    ],
)
def test_settings_of_the_run(changes):
    """A run may be resumed on another machine, and with a limit that was too low."""
    assert digest_settings(Settings(**changes)) == digest_settings(Settings())


def test_the_digest_does_not_depend_on_the_process():
    """Not on the order of what has none."""
    one, other = (frozenset(names) for names in (["exif", "xmp", "dpi"], ["dpi", "xmp", "exif"]))
    assert digest_settings(Settings(keep=one)) == digest_settings(Settings(keep=other))
    first = Settings(options={"colors": 5, "speed": 3})
    second = Settings(options={"speed": 3, "colors": 5})
    assert digest_settings(first) == digest_settings(second)
