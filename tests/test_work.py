"""Test what a worker does with a batch."""

import pickle
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import pytest
from PIL import Image

import kmcodec
from kmcodec.batch.plan import Job
from kmcodec.batch.work import Work, report_loss
from kmcodec.conversion import picture
from kmcodec.conversion.faults import Exit
from kmcodec.conversion.task import Settings, Task

ENDED = "its process was ended, twice, as by a shortage of memory"

pytestmark = pytest.mark.usefixtures("place")


def job(name, output=None):
    """Make a job."""
    return Job(Task(name, output or f"{name}.kmq"))


def test_each_picture_has_a_report():
    """In their order; what is wrong with one is no matter of the others."""
    Path("bad.png").write_bytes(b"\x89PNG nonsense")
    batch = [job("bad.png"), job("a.png"), job("no.png"), job("a.kmq")]
    reports = Work(Settings())(batch)

    assert [report.input for report in reports] == ["bad.png", "a.png", "no.png", "a.kmq"]
    assert [report.code for report in reports] == [3, 0, 1, 0]
    assert Path("a.png.kmq").exists()
    assert not Path("bad.png.kmq").exists()


def test_nothing():
    """Of an empty batch there is nothing to tell."""
    assert Work(Settings())(()) == []


def test_it_is_sent_to_other_processes():
    """With its settings, and reports come back, be they of failures."""
    work = pickle.loads(pickle.dumps(Work(Settings(options={"colors": 4}))))
    reports = work([job("a.png"), job("no.png")])

    assert pickle.loads(pickle.dumps(reports)) == reports
    assert len(kmcodec.info("a.png.kmq").palette) == 4


@pytest.mark.parametrize(
    "error", [ZeroDivisionError(), MemoryError(), BrokenPipeError(32, "Broken pipe")]
)
def test_a_fault_of_ours_is_one_of_its_picture(error, monkeypatch):
    """Nothing that goes wrong with one ends the others."""

    def fail(task, settings):
        if task.input == "a.png":
            raise error
        return convert(task, settings)

    convert = picture.convert_picture
    monkeypatch.setattr(picture, "convert_picture", fail)
    failed, converted = Work(Settings())([job("a.png"), job("a.kmq")])

    assert (failed.status, failed.error["name"]) == ("failed", "a.png")
    assert failed.error["message"] in {"ZeroDivisionError", "not enough memory", "Broken pipe"}
    assert converted.status == "converted"


def test_an_interrupt_is_none():
    """It ends the batch."""

    class Interrupted(Settings):
        @property
        def encoding(self):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Work(Interrupted())([job("a.png")])
    assert not Path("a.png.kmq").exists()


def test_the_limit_of_pixels(monkeypatch):
    """It is below or above Pillow's own, which is raised in the process that reads."""
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)
    (report,) = Work(Settings())([job("a.png")])
    assert "exceeds limit of 2000 pixels" in report.error["message"]
    (report,) = Work(Settings(max_pixels=128 * 128 - 1))([job("a.png")])
    assert report.error["message"] == (
        "128x128 are more than 16,383 pixels; --max-pixels allows more"
    )
    (report,) = Work(Settings(max_pixels=128 * 128))([job("a.png")])
    assert report.status == "converted"


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (
            BrokenProcessPool("A process ..."),
            "its process was ended, twice, as by a shortage of memory",
        ),
        (SystemExit(9), "its process was ended, twice, as by a shortage of memory"),
        (TypeError("cannot pickle it"), "cannot pickle it"),
        (MemoryError(), "MemoryError"),
    ],
)
def test_a_lost_worker(error, message):
    """What was lost with it is a failure of the picture it was at."""
    report = report_loss(job("a.png"), error)

    assert report.code == Exit.FAILED
    assert report.error == {"code": 1, "name": "a.png", "message": message}
