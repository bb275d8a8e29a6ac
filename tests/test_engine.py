"""The engine: every item has one result, whatever becomes of workers, and few batches wait."""

import threading
import tracemalloc
from concurrent.futures import BrokenExecutor, Future, ThreadPoolExecutor
from time import sleep

import jobs
import pytest

from kmcodec.batch.engine import run_batches
from kmcodec.batch.pool import Pool


class FaultError(Exception):
    """What goes wrong in these tests."""


class Fragile:
    """An executor that works at once, and breaks at some submissions."""

    def __init__(self, breaks_at=()):
        self.breaks_at = breaks_at
        self.submitted = []
        self.renewed = 0

    def submit(self, function, /, *arguments):
        self.submitted.append(*arguments)
        if len(self.submitted) in self.breaks_at:
            raise BrokenExecutor("broken")
        future = Future()
        try:
            future.set_result(function(*arguments))
        except BaseException as error:  # noqa: BLE001
            future.set_exception(error)
        return future


class Renewable(Fragile):
    """One that can be renewed."""

    def renew(self):
        self.renewed += 1


def batches_of(items, size):
    """Cut items into batches."""
    return (tuple(items[start : start + size]) for start in range(0, len(items), size))


def run(work, batches, executor, in_flight=4):
    """Run batches; what is lost has the name of its error as a result."""
    return run_batches(
        work,
        batches,
        executor,
        in_flight=lambda: in_flight,
        lost=lambda _, error: type(error).__name__,
    )


def results_of(run):
    """Return items with their results, of which each has one."""
    pairs = [pair for batch, results in run for pair in zip(batch, results, strict=True)]
    assert len(dict(pairs)) == len(pairs)
    return dict(pairs)


def keep(given, outcomes):
    """Keep outcomes in a list, up to the error that ends them."""
    for outcome in outcomes:
        given.append(outcome)


def fail_at_13(batch):
    """Negate numbers, and fail with each batch that has a 13 in it."""
    if 13 in batch:
        raise FaultError
    return jobs.negate(batch)


EXPECTED = {number: -number for number in range(30)}
WITHOUT_13 = {**EXPECTED, 13: "FaultError"}


@pytest.fixture(params=["here", "threads", "fragile"])
def executor(request):
    """Make what runs batches: nothing, two threads, or the caller of ``submit``."""
    if request.param == "here":
        yield None
    elif request.param == "fragile":
        yield Fragile()
    else:
        with ThreadPoolExecutor(2) as threads:
            yield threads


@pytest.mark.parametrize("size", [1, 4, 30, 31])
@pytest.mark.parametrize("in_flight", [0, 1, 3, 100])
def test_every_item_has_its_result(executor, size, in_flight):
    """Whatever runs them, however many wait, each batch comes with its results."""
    outcomes = list(run(jobs.negate, batches_of(range(30), size), executor, in_flight))

    assert sorted(batch for batch, _ in outcomes) == list(batches_of(range(30), size))
    assert results_of(outcomes) == EXPECTED


def test_nothing_gives_nothing(executor):
    """No batches have no results."""
    assert list(run(jobs.negate, [], executor)) == []


@pytest.mark.parametrize("size", [1, 4, 30])
def test_only_what_fails_alone_is_lost(executor, size):
    """A batch that fails is done once more item by item."""
    assert results_of(run(fail_at_13, batches_of(range(30), size), executor)) == WITHOUT_13


def test_an_item_that_fails_once_is_not_lost(executor):
    """What has failed in a batch, and works alone, has its result."""
    failed = set()

    def fail_once(batch):
        if batch and batch not in failed and not failed.add(batch) and len(batch) > 1:
            raise MemoryError
        return jobs.negate(batch)

    assert results_of(run(fail_once, batches_of(range(30), 4), executor)) == EXPECTED


def test_suspects_are_done_alone():
    """While an item is done once more, nothing else is."""
    lock, at_work, crowds = threading.Lock(), [], {}

    def watch(batch):
        with lock:
            at_work.append(batch)
        sleep(0.002)
        with lock:
            crowds[batch] = len(at_work)
            at_work.remove(batch)
        return fail_at_13(batch)

    with ThreadPoolExecutor(4) as threads:
        assert results_of(run(watch, batches_of(range(30), 3), threads)) == WITHOUT_13
    assert [crowds[item,] for item in (12, 13, 14)] == [1, 1, 1]


@pytest.mark.parametrize("in_flight", [1, 2, 5])
def test_few_batches_are_taken_ahead(in_flight):
    """As many as may be in flight are taken, beside those whose results were given."""
    taken = []

    def batches():
        for number in range(100):
            taken.append(number)
            yield (number,)

    with ThreadPoolExecutor(2) as threads:
        outcomes = run(jobs.negate, batches(), threads, in_flight)
        assert not taken
        for given in range(1, 50):
            next(outcomes)
            assert len(taken) <= given + in_flight
        outcomes.close()


def test_room_may_grow_and_shrink():
    """How many batches may be in flight is asked at every step, as workers come and go."""
    room, held, peak = 1, [], 0

    class Held:
        def submit(self, function, batch):
            held.append((Future(), function(batch)))
            return held[-1][0]

    def in_flight():
        nonlocal peak
        peak = max(peak, len(held))
        if len(held) >= room:
            for future, results in held:
                future.set_result(results)
            held.clear()
        return room

    outcomes = run_batches(
        jobs.negate, batches_of(range(50), 1), Held(), in_flight=in_flight, lost=None
    )
    for room in (1, 4, 2):
        peak = 0
        for _ in range(12):
            next(outcomes)
        assert peak == room


def test_a_fault_of_the_batches_comes_last(executor):
    """Where batches cannot be read on, those before are done and given, and then it is raised."""

    def batches():
        yield from batches_of(range(30), 4)
        raise FaultError

    given = []
    with pytest.raises(FaultError):
        keep(given, run(jobs.negate, batches(), executor, 100))
    assert results_of(given) == EXPECTED


def test_closing_cancels_and_waits_for_nothing():
    """What has not begun is never done, and what has does not hold the caller up."""
    gate, begun = threading.Event(), []

    def wait(batch):
        begun.append(batch)
        assert batch == (0,) or gate.wait(30)
        return list(batch)

    with ThreadPoolExecutor(2) as threads:
        outcomes = run(wait, batches_of(range(30), 1), threads, 10)
        next(outcomes)
        outcomes.close()
        gate.set()
    assert len(begun) <= 4


def test_an_executor_that_can_be_renewed_ends_what_is_in_flight():
    """Nobody else cancels its futures, as it may be about to tell them that a worker is lost."""

    class Idle(Renewable):
        def submit(self, function, /, *arguments):
            self.submitted.append(future := Future())
            if len(self.submitted) == 3:
                future.set_result(function(*arguments))
            return future

    executor = Idle()
    outcomes = run(jobs.negate, batches_of(range(30), 1), executor, 4)
    next(outcomes)
    outcomes.close()

    assert executor.renewed == 1
    assert not any(future.cancelled() for future in executor.submitted)


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
def test_an_interrupt_comes_out_at_once(error):
    """Whether it comes while batches are read or while results are used."""
    gate = threading.Event()

    def interrupted():
        yield from batches_of(range(4), 1)
        raise error

    with ThreadPoolExecutor(2) as threads:
        with pytest.raises(error):
            list(run(lambda _: gate.wait(30), interrupted(), threads, 10))
        gate.set()
        outcomes = run(jobs.negate, batches_of(range(30), 1), threads)
        next(outcomes)
        with pytest.raises(error):
            outcomes.throw(error)
    with pytest.raises(error):
        list(run(jobs.negate, interrupted(), None))


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, GeneratorExit])
def test_a_worker_that_ends_itself_loses_its_item(error):
    """What a worker raises is never taken for an interrupt of the caller."""

    def end_at_13(batch):
        if 13 in batch:
            raise error
        return jobs.negate(batch)

    expected = {**EXPECTED, 13: error.__name__}
    assert results_of(run(end_at_13, batches_of(range(30), 4), Fragile())) == expected


def test_a_broken_executor_is_renewed():
    """It is seen to work before it gets more, and no item is lost for it."""
    executor = Renewable({3})

    assert results_of(run(jobs.negate, batches_of(range(30), 4), executor)) == EXPECTED
    assert executor.renewed == 1
    assert executor.submitted.count(()) == 1


@pytest.mark.parametrize(
    ("executor", "renewed", "done"),
    [
        (Fragile({3}), 0, 8),
        (Renewable({3, 4}), 1, 8),
        (Renewable({3, 6, 7}), 2, 9),  # the third batch, then its second item
    ],
)
def test_an_executor_that_cannot_go_on_ends_the_run(executor, renewed, done):
    """What is complete is given before its error is raised, and no item takes the blame."""
    given = []
    with pytest.raises(BrokenExecutor):
        keep(given, run(jobs.negate, batches_of(range(400), 4), executor))

    assert results_of(given) == {number: -number for number in range(done)}
    assert executor.renewed == renewed


def test_an_executor_that_is_shut_down_ends_the_run():
    """Its own error tells so, after all that was done."""
    threads = ThreadPoolExecutor(2)
    outcomes = run(jobs.negate, batches_of(range(400), 1), threads)
    given = [next(outcomes)]
    threads.shutdown()
    with pytest.raises(RuntimeError, match="shutdown"):
        keep(given, outcomes)

    assert results_of(given) == {number: -number for number in range(len(given))}


def test_cancelled_batches_are_done_again():
    """Futures that the executor's side has cancelled are as lost."""

    class Cancelling(Fragile):
        def submit(self, function, /, *arguments):
            future = super().submit(function, *arguments)
            if len(self.submitted) == 2:
                future = Future()
                future.cancel()
            return future

    assert results_of(run(jobs.negate, batches_of(range(30), 4), Cancelling())) == EXPECTED


def test_memory_does_not_grow_with_items():
    """Nothing of a hundred thousand items, in thousands of batches, is kept."""
    batches = ((number,) * 20 for number in range(5000))
    tracemalloc.start()
    with ThreadPoolExecutor(2) as threads:
        count = sum(len(batch) for batch, _ in run(jobs.negate, batches, threads, 8))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert count == 100_000
    assert peak < 1_000_000


def with_pool(work, items, size=4):
    """Return what two processes make of items."""
    with Pool(2) as pool:
        return results_of(run(work, batches_of(items, size), pool))


def test_a_poison_is_all_that_processes_lose():
    """An item that kills its worker every time is lost; all others have a result each."""
    expected = {**EXPECTED, 13: "BrokenProcessPool"}

    assert with_pool(jobs.die_at_13, range(30), 10) == expected


def test_items_of_a_killed_worker_are_done_again(tmp_path):
    """A worker that is killed once, in the middle of its batch, loses nothing."""
    (tmp_path / "13").touch()
    items = [(str(tmp_path), number) for number in range(30)]

    assert with_pool(jobs.die_once, items) == {item: -item[1] for item in items}
    assert not (tmp_path / "13").exists()


def test_a_result_that_cannot_be_pickled_is_lost():
    """Its batch goes on without it, and no process ends."""
    found = with_pool(jobs.give_what_cannot_be_pickled, range(30))

    assert found.pop(13) in {"AttributeError", "PicklingError"}
    assert found == {number: -number for number in range(30) if number != 13}


def test_processes_that_always_die_end_the_run():
    """That is no fault of any item, and few are taken before it is seen."""
    taken = []

    def items():
        for number in range(1000):
            taken.append(number)
            yield (number,)

    with Pool(1) as pool, pytest.raises(BrokenExecutor):
        list(run(jobs.die_always, items(), pool))
    assert len(taken) <= 4
