"""Test where many pictures go: each to an output of its own, which is nothing else."""

import inspect
import os
import tracemalloc
from itertools import count
from pathlib import Path

import pytest
from commands import posix
from helpers import picture

import kmcodec
from kmcodec.batch.names import Found
from kmcodec.batch.plan import Job, Plan, is_of_kmq
from kmcodec.conversion.faults import Exit, FileError

pytestmark = posix  # as names are told as the system writes them


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    """Enter an empty folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def plan(names, relative=None, **settings):
    """Return the outputs of inputs, or what is wrong with them."""
    found = [Found(name, relative or os.path.basename(name), (1, 2)) for name in names]  # noqa: PTH119
    jobs = Plan(**{"inputs": names, **settings}).jobs(found)
    return [(job.name, str(job)) if isinstance(job, FileError) else job.task.output for job in jobs]


def make(*names, content=b"old"):
    """Make files."""
    for name in names:
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_bytes(content)


@pytest.mark.parametrize(
    ("name", "settings", "output"),
    [
        ("in/a.png", {}, "in/a.kmq"),
        ("in/a.kmq", {}, "in/a.png"),
        ("in/a.KMQ", {}, "in/a.png"),
        ("in/a.kmq", {"to": "webp"}, "in/a.webp"),
        ("in/a.kmq", {"to": ".WebP"}, "in/a.webp"),
        ("in/a.png", {"suffix": "-16.kmq"}, "in/a-16.kmq"),
        ("in/a.kmq", {"suffix": "-16.kmq"}, "in/a-16.kmq"),
        ("in/a.kmq", {"suffix": ".jpg", "to": "jpg"}, "in/a.jpg"),
        ("in/a 1.5", {}, "in/a 1.5.kmq"),
        ("in.png/a", {}, "in.png/a.kmq"),
        (".png", {}, ".png.kmq"),
        ("in/a.png", {"out_dir": "out"}, "out/a.kmq"),
        ("in/a.png", {"out_dir": "out/"}, "out/a.kmq"),
        ("in/a.png", {"out_dir": "."}, "./a.kmq"),
        ("in/a.png", {"out_dir": "out", "relative": "x/y/a.png"}, "out/x/y/a.kmq"),
        ("in/a.kmq", {"out_dir": "s3://bucket/out", "to": "png"}, "s3://bucket/out/a.png"),
        ("s3://bucket/in/a.png", {}, "s3://bucket/in/a.kmq"),
        ("s3://bucket/in/a.png", {"out_dir": "out"}, "out/a.kmq"),
    ],
)
def test_names_of_outputs(name, settings, output):
    """Beside the input or below a directory, with the extension of the format or a suffix."""
    assert plan([name], **settings) == [output]


def test_what_an_output_is_for():
    """Its job says what is known of the input."""
    found = Found("a.png", "a.png", (77, 123))
    (job,) = Plan(to="kmq", if_exists="newer").jobs([found])

    assert job == Job(job.task, (77, 123))
    assert (job.task.input, job.task.output, job.task.to) == ("a.png", "a.kmq", "kmq")
    assert (job.task.if_exists, job.bytes, Job(job.task).bytes) == ("newer", 77, 0)
    assert Job(job.task, (None, None)).bytes == 0


def test_errors_pass():
    """What was not found has no output."""
    error = FileError(Exit.FAILED, "b.png", "no")
    assert list(Plan().jobs([error])) == [error]


def test_two_inputs_of_one_output():
    """The first has it; no other replaces what was just made."""
    taken = "another input is converted to {} already"
    assert plan(["a.png", "a.gif", "b.png"]) == [
        "a.kmq",
        ("a.gif", taken.format("a.kmq")),
        "b.kmq",
    ]
    assert plan(["x/a.png", "y/a.png"], out_dir="out") == [
        "out/a.kmq",
        ("y/a.png", taken.format("out/a.kmq")),
    ]


def test_one_output_by_several_spellings(place):
    """Dots, slashes and links to directories do not hide that a place is taken."""
    Path("in").mkdir()
    Path("link").symlink_to("in")
    Path("round").symlink_to("link")
    names = ["in/a.png", "./in/a.gif", "in//a.jpg", "in/../in/a.bmp", f"{place}/in/a.tif"]
    first, *others = plan([*names, "link/a.webp", "round/a.pcx"])

    assert first == "in/a.kmq"
    assert all("another input is converted to" in fault for _, fault in others)
    assert len(others) == 6


@pytest.mark.parametrize("other", ["a.kmq", "./a.kmq", "../{}/a.kmq", "file://{place}/a.kmq"])
def test_an_output_that_is_an_input(other, place):
    """Whatever becomes of it, it is not replaced before it is read, nor after."""
    other = other.format(place.name, place=place)
    found = [Found("a.png", "a.png", None)]
    (error,) = Plan(if_exists="overwrite", inputs=["a.png", other]).jobs(found)

    assert (error.code, error.name) == (Exit.REFUSED, "a.png")
    assert str(error) == "is not converted to a.kmq, which is an input"


def test_an_input_that_is_its_own_output():
    """In a set nothing is encoded again in place."""
    assert plan(["a.kmq"], to="kmq", if_exists="overwrite") == [
        ("a.kmq", "is not converted to a.kmq, which is an input")
    ]


def test_an_output_that_an_input_leads_to():
    """A link is read from where it leads to, so that is not replaced either."""
    make("a.kmq")
    Path("link.png").symlink_to("a.kmq")
    Path("far").symlink_to("link.png")
    for link in ("link.png", "far"):
        faults = plan(["a.png", link], if_exists="overwrite")
        assert faults[0] == ("a.png", "is not converted to a.kmq, which is an input")


@pytest.mark.parametrize("if_exists", ["error", "overwrite", "newer", "skip"])
@pytest.mark.parametrize("kind", ["link", "dangling", "circle", "directory", "pipe", "device"])
def test_outputs_that_are_no_files(kind, if_exists):
    """None is written through, entered or waited for; that is for one OUT, which is named."""
    make("other")
    {
        "link": lambda: Path("a.kmq").symlink_to("other"),
        "dangling": lambda: Path("a.kmq").symlink_to("new"),
        "circle": lambda: Path("a.kmq").symlink_to("a.kmq"),
        "directory": lambda: Path("a.kmq").mkdir(),
        "pipe": lambda: os.mkfifo("a.kmq"),
        "device": lambda: Path("a.kmq").symlink_to("/dev/full"),
    }[kind]()
    refused = [("a.kmq", "is no regular file, so it is written only as the one OUT")]
    is_left = kind == "link" and if_exists == "skip"

    assert plan(["a.png"], if_exists=if_exists) == (["a.kmq"] if is_left else refused)


@pytest.mark.parametrize("if_exists", ["error", "overwrite", "newer", "skip"])
def test_files_are_left_to_whoever_writes(if_exists):
    """What becomes of an existing output is decided when its turn comes."""
    make("a.kmq")
    assert plan(["a.png"], if_exists=if_exists) == ["a.kmq"]


def test_the_place_of_a_copy_is_taken_too():
    """An input may be copied where a smaller output would be, and replaces no other input there."""
    names = ["x/a.png", "out/a.png"]
    refused = ("x/a.png", "is not converted to out/a.png, which is an input")
    taken = ("out/a.png", "another input is converted to out/a.kmq already")

    assert plan(names, out_dir="out") == ["out/a.kmq", taken]
    assert plan(names, out_dir="out", copies=True) == [refused, "out/a.kmq"]


def test_the_copy_of_one_and_the_output_of_another():
    """They have no name in common."""
    names = ["a.kmq", "a-16.kmq"]
    settings = {"suffix": "-16.kmq", "to": "kmq", "out_dir": "out"}
    taken = ("a-16.kmq", "another input is converted to out/a-16.kmq already")

    assert plan(names, **settings) == ["out/a-16.kmq", "out/a-16-16.kmq"]
    assert plan(names, **settings, copies=True) == ["out/a-16.kmq", taken]


@pytest.mark.parametrize("out_dir", [None, ".", "../{}"])
def test_an_input_is_no_copy_of_itself(out_dir, place):
    """Where outputs are beside inputs, nothing is to be copied."""
    (output,) = plan(["a.png"], out_dir=out_dir and out_dir.format(place.name), copies=True)
    assert output.endswith("a.kmq")


def test_the_place_of_a_copy_is_no_link():
    """What it leads to is not replaced."""
    make("other")
    Path("out").mkdir()
    Path("out/a.png").symlink_to("../other")
    assert plan(["a.png"], out_dir="out", copies=True) == [
        ("out/a.png", "is no regular file, so it is written only as the one OUT")
    ]


@pytest.mark.parametrize("relative", ["../a.png", "x/../../a.png", "./a.png", "x//a.png"])
def test_no_output_is_outside_of_its_directory(relative):
    """Not even if somebody lists such names."""
    ((name, fault),) = plan(["a.png"], relative=relative, out_dir="out")
    assert fault == "names no file below out"
    assert name == relative.replace(".png", ".kmq")


def test_directories_have_outputs_of_one_format():
    """A picture found in one is not replaced by the .kmq that was named beside it."""
    fault = "is a .kmq file; beside directories, --to says what it is converted to"
    assert plan(["a.kmq", "b.png"], recursive=True) == [("a.kmq", fault), "b.kmq"]
    assert plan(["a.kmq"], recursive=True, to="png") == ["a.png"]


@pytest.mark.parametrize(
    ("settings", "makes_kmq"),
    [
        ({}, True),
        ({"to": "png"}, False),
        ({"to": ".PNG"}, False),
        ({"to": "kmq"}, True),
        ({"to": "unheard"}, True),
        ({"suffix": "-16.kmq"}, True),
        ({"suffix": "-16.png"}, False),
        ({"suffix": "-16"}, True),
        ({"suffix": ".png", "to": "kmq"}, True),
    ],
)
def test_what_trees_are_searched_for(settings, makes_kmq):
    """The format that is asked for, or else that of the suffix, tells."""
    assert Plan(**settings).makes_kmq == makes_kmq


def test_content_tells_of_files_without_an_extension():
    """What has none that is known is a .kmq if it begins as one."""
    make("a", "b.png", "c 1.5", content=kmcodec.encode(picture(4, 4, 2)))
    make("d")
    kinds = [is_of_kmq(name) for name in ("a", "b.png", "c 1.5", "d", "no", "no.kmq", ".")]
    assert kinds == [True, False, True, False, False, True, False]


def test_a_pipe_is_not_looked_into():
    """It is read only once, and perhaps by nobody."""
    os.mkfifo("pipe")
    assert not is_of_kmq("pipe")


def test_digests_of_any_name():
    """Every name has one, be it of a NUL or no Unicode."""
    names = ["a", "b", "/a", "a\0", "a\0/b", "\udcff", "\ud800", "s3://x/a", "s3://x//a", "x" * 999]
    digest = Plan(inputs=names).digest
    assert len({digest(name) for name in names}) == len(names)
    assert digest("a") == digest("./a") == digest(str(Path.cwd() / "a"))
    assert Plan().digest("a") != digest("a")  # so that nobody can make two of one


@pytest.mark.slow
def test_memory_of_a_large_plan():
    """A plan keeps about 100 bytes an output."""
    found = (Found(f"folder/{i:0100}.png", "x.png", (1, 2)) for i in count())
    jobs = Plan().jobs(found)
    next(jobs)  # with what is imported for the first
    tracemalloc.start()
    try:
        for _ in range(10_000):
            next(jobs)
        taken = tracemalloc.take_snapshot()
    finally:
        tracemalloc.stop()
    ours = taken.filter_traces([tracemalloc.Filter(True, inspect.getfile(Plan))])
    assert sum(trace.size for trace in ours.traces) < 120 * 10_000
