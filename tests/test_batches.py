"""Test how files are put together to batches."""

from itertools import chain, count, islice, repeat

import pytest

from kmcodec.batch.batches import MOST_FILES, are_many, make_batches
from kmcodec.batch.plan import Job
from kmcodec.conversion.task import Task


def job(size, name="a.png"):
    """Make a job of so many bytes; None if they are not known."""
    return Job(Task(name), None if size is None else (size, 0))


def sizes(jobs, **settings):
    """Return how many jobs each batch has."""
    return [len(batch) for batch in make_batches(jobs, **settings)]


def test_every_job_is_in_one_batch():
    """They stay in their order, and nothing is lost at the end."""
    jobs = [job(size, str(size)) for size in (1, 10**6, 2, 3, 10**9, *range(100))]
    batches = list(make_batches(jobs))

    assert list(chain.from_iterable(batches)) == jobs
    assert all(batches)


def test_no_jobs_are_no_batches():
    """There is nothing to send."""
    assert sizes([]) == []


@pytest.mark.parametrize("size", [None, 0, 1])
def test_small_files(size):
    """So many are sent at once, whether or not their size is known."""
    assert sizes([job(size)] * (2 * MOST_FILES + 1)) == [MOST_FILES, MOST_FILES, 1]


def test_large_files():
    """Each is a batch, so that all cores have one."""
    assert sizes([job(1 << 19)] * 3) == [1, 1, 1]
    assert sizes([job(1 << 18)] * 5) == [2, 2, 1]
    assert sizes([job(1 << 40), job(1), job(1)]) == [1, 2]


def test_one_by_one():
    """What is not sent anywhere is told of at once."""
    assert sizes([job(1)] * 3, most=1) == [1, 1, 1]


def test_the_end_of_a_batch():
    """At None what there is goes, be it nothing."""
    assert sizes([job(1), None, job(1), job(1), None, None]) == [1, 2, 0]


def test_jobs_are_taken_when_needed():
    """A million files are never listed at once."""
    taken = count()
    batches = make_batches(job(next(taken)) for _ in repeat(0))
    list(islice(batches, 3))
    assert next(taken) == 3 * MOST_FILES


@pytest.mark.parametrize(
    ("given", "many"),
    [
        ([], False),
        ([1], False),
        ([10**9], False),
        ([10**9, 1], True),
        ([0] * 100, False),
        ([0] * 101, True),
        ([1 << 20, 1 << 20], False),
        ([1 << 20, 1 << 20, 1], True),
    ],
)
def test_what_processes_are_worth(given, many):
    """They are where there are seconds of work; one picture has threads."""
    assert are_many(given) == many


def test_only_so_much_is_looked_at():
    """Of a tree of any size the beginning tells."""
    taken = count()
    assert are_many(next(taken) * 0 for _ in repeat(0))
    assert next(taken) == 101
