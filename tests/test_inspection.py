"""The inspection of files for ``kmq-info``: in whichever process, in their order, and none lost."""

import pickle
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import nullcontext
from pathlib import Path
from threading import Timer

import pytest
from helpers import picture
from poison import Deadly

import kmcodec
from kmcodec.batch.names import Found
from kmcodec.batch.pool import Pool
from kmcodec.cli import info, inspection
from kmcodec.cli.inspection import Inspected, Inspection, Item, inspect_files
from kmcodec.conversion.faults import Exit, FileError

pytestmark = pytest.mark.usefixtures("place")


def arguments(*words):
    """Parse a command line."""
    return info.make_parser().parse_args([*words, "x"])


def files(*names, size=1):
    """Return files of a size, by which they are put together."""
    return [Found(name, name, (size, 0)) for name in names]


def test_facts_go_from_process_to_process():
    """What is asked for and what is told are the same after their way to a worker and back."""
    batch = tuple(Item(*pair) for pair in enumerate(files("a.kmq", "a.png")))
    wanted = Inspection(arguments("--check"), threads=1)
    results = wanted(batch)

    assert pickle.loads(pickle.dumps(wanted))(pickle.loads(pickle.dumps(batch))) == results
    assert pickle.loads(pickle.dumps(results)) == results
    assert [one.file_bytes for one in results] == [kmcodec.info("a.kmq").file_bytes, 0]
    assert [one.raw_bytes for one in results] == [3 * 128 * 128, 0]
    assert [one.fault and one.fault[:2] for one in results] == [None, (Exit.DAMAGED, "a.png")]


@pytest.mark.parametrize("executor", [nullcontext(), ThreadPoolExecutor(2)])
def test_errors_keep_their_place(executor):
    """What was not found is told where its turn is, by its own code and name, as text and JSON."""
    fault = FileError(Exit.REFUSED, "a.kmq", "is a link that leads out of the tree")
    found = [*files("a.kmq"), fault, *files("a.kmq")]
    with executor as workers:
        for words in ((), ("--json",)):
            results = list(inspect_files(found, Inspection(arguments(*words)), workers, 3))
            assert [one.fault for one in results] == [None, (4, "a.kmq", str(fault)), None]
            assert ('"code": 4' in results[1].text) == bool(words)


def test_the_process_is_one_of_one_file_at_a_time():
    """In this process each file is shown before the next one is looked for."""
    taken = []
    found = inspect_files(
        (taken.append(one) or one for one in files("a.kmq", "a.kmq")),
        Inspection(arguments()),
        None,
        3,
    )

    assert next(found).text.startswith("a.kmq: ")
    assert len(taken) == 1


class Stub:
    """An inspection that tells names at once."""

    def __call__(self, batch):
        return [Inspected(item.found.name) for item in batch]

    def lost(self, _item, error):
        raise error


class Slow:
    """An executor that does its first batch last."""

    def __init__(self):
        self.first = None

    def submit(self, work, batch):
        future = Future()
        if self.first is None:
            self.first = future
            Timer(0.2, future.set_result, [work(batch)]).start()
        else:
            future.set_result(work(batch))
        return future


def test_few_wait_for_a_slow_one(monkeypatch):
    """While one file takes long, so many others are inspected, no more; all are in their order."""
    monkeypatch.setattr(inspection, "_MOST_WAITING", 10)
    executor = Slow()
    names = [str(number) for number in range(2000)]

    def found():
        for number, one in enumerate(files(*names, size=1 << 20)):
            assert number <= 10 + 3 or executor.first.done()
            yield one

    assert [one.text for one in inspect_files(found(), Stub(), executor, 3)] == names


def test_a_file_that_ends_its_process_is_to_blame():
    """It is named, whatever is in its batch with it, and all others are shown, in their order."""
    for name in ("b.kmq", "poison.kmq", "c.kmq"):
        kmcodec.save(picture(4, 4, 3), name)
    names = ["a.kmq", "b.kmq", "poison.kmq", "c.kmq"]
    with Pool(1) as pool:
        deadly = Deadly(arguments("--check"), threads=1)
        results = list(inspect_files(files(*names), deadly, pool, 3))

    assert [one.text.split(":")[0] for one in results] == ["a.kmq", "b.kmq", "", "c.kmq"]
    assert [one.fault for one in results if one.fault] == [
        (1, "poison.kmq", "its process was ended, twice, as by a shortage of memory")
    ]


@pytest.mark.parametrize("error", [KeyError("x"), RecursionError()])
def test_our_own_faults_are_told_of_their_file(monkeypatch, error):
    """What no reader should raise does not keep others from being shown."""
    real = inspection.info

    def info_or_fault(source, **options):
        if source == Path("a.png"):
            raise error
        return real(source, **options)

    monkeypatch.setattr(inspection, "info", info_or_fault)
    found = inspect_files(files("a.png", "a.kmq"), Inspection(arguments()), None, 3)

    assert [one.fault for one in found] == [(1, "a.png", str(error) or "RecursionError"), None]
