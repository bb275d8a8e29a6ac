"""Workers: results in order, few at a time, whatever the threads do."""

import subprocess
import sys
import threading
import time
from contextlib import closing

import pytest
from helpers import gradient, photo

import kmcodec
from kmcodec.workers import count_workers, map_in_order


@pytest.mark.parametrize("workers", [0, 1, 2, 5])
def test_results_come_in_order(workers):
    """Late results do not overtake early ones, and early ones wait."""

    def slow_at_first(number):
        time.sleep(0.01 * (number < 3))
        return -number

    assert list(map_in_order(slow_at_first, range(20), workers)) == [-n for n in range(20)]


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_nothing_gives_nothing(workers):
    """No items have no results."""
    assert list(map_in_order(str, [], workers)) == []


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_few_items_are_taken_ahead(workers):
    """Items are taken at most two a worker before the results that are asked for."""
    taken = []

    def items():
        for number in range(100):
            taken.append(number)
            yield number

    with closing(map_in_order(str, items(), workers)) as results:
        assert not taken
        for wanted in range(1, 6):
            next(results)
            assert len(taken) < wanted + 2 * workers


def test_one_worker_is_the_caller_itself():
    """With one worker no thread is started, and nothing is done ahead."""
    names = map_in_order(lambda _: threading.current_thread().name, range(3), 1)

    assert set(names) == {threading.current_thread().name}


def test_workers_are_threads_that_end():
    """With more workers all items are done elsewhere, and no thread outlives the last result."""
    before = threading.active_count()
    names = set(map_in_order(lambda _: threading.current_thread().name, range(9), 3))

    assert threading.current_thread().name not in names
    assert len(names) <= 3
    assert threading.active_count() == before


def test_workers_run_at_the_same_time():
    """Two items that wait for one another are done by two workers."""
    barrier = threading.Barrier(2, timeout=30)

    assert len(list(map_in_order(lambda _: barrier.wait(), range(2), 2))) == 2


class FaultError(Exception):
    """What goes wrong in these tests."""


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_a_fault_comes_after_the_results_before_it(workers):
    """An error of the function is raised in its turn; results before it are not lost."""

    def fail_at_four(number):
        if number == 4:
            raise FaultError
        return number

    results = map_in_order(fail_at_four, range(10), workers)

    assert [next(results) for _ in range(4)] == [0, 1, 2, 3]
    with pytest.raises(FaultError):
        next(results)
    assert list(results) == []


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_a_fault_of_the_items_is_raised(workers):
    """An error where items come from is raised too, and all threads end."""
    before = threading.active_count()

    def items():
        yield 1
        raise FaultError

    with pytest.raises(FaultError):
        list(map_in_order(str, items(), workers))
    assert threading.active_count() == before


def test_results_that_nobody_wants_are_not_made():
    """Closing early cancels what has not begun, and waits for what has."""
    before = threading.active_count()
    done = []
    gate = threading.Event()

    def wait(number):
        if number:
            assert gate.wait(30)
        done.append(number)

    results = map_in_order(wait, range(50), 2)
    next(results)
    gate.set()
    results.close()

    assert len(done) <= 4
    assert threading.active_count() == before


def test_workers_are_as_many_as_are_wanted_and_useful():
    """The caller's number, or one a core, but never more than there are bands."""
    assert [count_workers(threads, 4) for threads in (1, 3, 4, 5, 1000)] == [1, 3, 4, 4, 4]
    assert 1 <= count_workers(None, 3) <= 3
    assert count_workers(None, 1) == 1


@pytest.fixture(params=[0, 1, 2])
def few_threads(request, monkeypatch):
    """Let the system start so many more threads, and then none."""
    left = [request.param]
    start = threading.Thread.start

    def start_or_fail(thread):
        if not left[0]:
            raise RuntimeError("can't start new thread")
        left[0] -= 1
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", start_or_fail)


@pytest.mark.usefixtures("few_threads")
def test_where_threads_cannot_be_started_the_callers_does_the_work():
    """All results come in order, with as many threads as there are, or without any."""
    before = threading.active_count()

    def slow(number):
        time.sleep(0.001)
        return -number

    assert list(map_in_order(slow, range(20), 4)) == [-n for n in range(20)]
    assert threading.active_count() == before


@pytest.mark.usefixtures("few_threads")
@pytest.mark.parametrize("options", [{}, {"coding": "packed"}, {"rate": 8}])
def test_files_are_written_and_read_without_threads(options, tmp_path):
    """The bytes and the pixels are those that threads make."""
    pixels = photo(64, 60)
    data = kmcodec.encode(pixels, 40, threads=1, band_rows=8, **options)
    (tmp_path / "x.kmq").write_bytes(data)

    assert kmcodec.encode(pixels, 40, threads=4, band_rows=8, **options) == data
    expected = kmcodec.decode(data, threads=1)
    assert (kmcodec.decode(data, threads=4) == expected).all()
    palette, indices = kmcodec.decode_indexed(data, threads=4)
    assert (palette[indices] == expected).all()
    image = kmcodec.load(tmp_path / "x.kmq", threads=4)
    assert image.tobytes() == expected.tobytes()


@pytest.mark.usefixtures("few_threads")
def test_an_order_is_applied_once_without_threads():
    """Bands whose codes are not their indices come out right."""
    indices = gradient(64, 64)[..., 1] // 15
    palette = photo(16, 1)[0]
    data = kmcodec.encode_indexed(palette, indices, threads=1, band_rows=8)

    assert (kmcodec.decode_indexed(data, threads=4)[1] == indices).all()


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
def test_an_interrupt_does_not_wait_for_what_has_begun(error):
    """It comes out while workers are at it, cancels the rest, and the threads end by themselves."""
    before = threading.active_count()
    gate = threading.Event()
    begun = []

    def wait(number):
        if number == 0:
            raise error
        begun.append(number)
        assert gate.wait(30)

    with pytest.raises(error):
        list(map_in_order(wait, range(50), 2))
    assert len(begun) <= 3
    gate.set()
    deadline = time.monotonic() + 30
    while threading.active_count() > before and time.monotonic() < deadline:
        time.sleep(0.01)
    assert threading.active_count() == before
    assert len(begun) <= 3


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_ctrl_c_ends_a_process_whose_workers_do_not():
    """Neither the main thread nor the end of the process waits for a worker, which never ends."""
    script = (
        "import signal, sys, threading, time\n"
        "from kmcodec.workers import map_in_order\n"
        "main = threading.main_thread().ident\n"
        "def work(number):\n"
        "    if number == 1:\n"
        "        while sys._current_frames()[main].f_code.co_name != 'wait':\n"
        "            time.sleep(0.01)\n"
        "        time.sleep(0.2)  # until it sleeps, as Python has no other way to tell\n"
        "        signal.pthread_kill(main, signal.SIGINT)\n"
        "    threading.Event().wait()\n"
        "list(map_in_order(work, range(9), 2))\n"
    )
    code = [sys.executable, "-P", "-c", script]
    result = subprocess.run(code, capture_output=True, text=True, timeout=60, check=False)

    assert result.returncode
    assert result.stderr.rstrip().endswith("KeyboardInterrupt")
