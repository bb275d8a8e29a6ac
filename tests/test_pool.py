"""The pool: processes that are ready for work, and gone at once when nobody wants them.

Processes share the standard output of the one that has started them, so its end is seen when all
of them have ended.
"""

import os
import signal
import subprocess
import sys
from concurrent.futures import BrokenExecutor
from multiprocessing.context import SpawnProcess
from pathlib import Path
from runpy import run_path

import jobs
import pytest
from commands import PACKAGES, TOOLS, posix

from kmcodec.batch.engine import run_batches
from kmcodec.batch.pool import Pool

HEAD = """\
import os, signal, sys
import jobs
from kmcodec.batch.engine import run_batches
from kmcodec.batch.pool import Pool

def run(work, count):
    batches = ((number,) for number in range(count))
    with Pool(2) as pool:
        return list(run_batches(work, batches, pool, in_flight=lambda: 4, lost=None))

"""
BUSY = HEAD + "if __name__ == '__main__': run(jobs.compute_for_ever, 4)"


@pytest.fixture
def start(tmp_path, launch):
    """Start a script in a process of its own."""

    def start(script, *arguments, **settings):
        path = tmp_path / "script.py"
        path.write_text(script)
        paths = os.pathsep.join([str(Path(jobs.__file__).parent), PACKAGES])
        command = [sys.executable, "-P", *(arguments or [path])]
        return launch(command, env={**os.environ, "PYTHONPATH": paths}, **settings)

    return start


@pytest.fixture
def busy(start):
    """Start a process whose two workers are at calls that do not end."""
    process = start(BUSY)
    assert [process.stdout.readline() for _ in range(2)] == ["begun\n"] * 2
    return process


@posix
def test_workers_end_with_a_process_that_is_killed(busy):
    """Even where it had no chance to tell them."""
    busy.kill()

    output, errors = busy.communicate(timeout=60)
    assert output == ""
    assert "Traceback" not in errors


@posix
@pytest.mark.parametrize("send", [os.kill, os.killpg])
def test_an_interrupt_ends_workers_and_caller(busy, send):
    """The caller is interrupted, alone or as a terminal does it, and nobody else has a say."""
    send(busy.pid, signal.SIGINT)
    output, errors = busy.communicate(timeout=60)

    assert output == ""
    assert errors.count("Traceback") == 1
    assert errors.endswith("\nKeyboardInterrupt\n")
    assert busy.returncode == -signal.SIGINT


@posix
def test_a_worker_that_is_just_starting_is_not_interrupted(start):
    """An interrupt from the terminal reaches it while it imports, and nothing is lost."""
    script = (
        "import os, signal\n"
        "if __name__ == '__mp_main__': os.kill(os.getpid(), signal.SIGINT)\n"
        f"{HEAD}"
        "if __name__ == '__main__': print(sorted(run(jobs.negate, 3)))\n"
    )
    expected = "[((0,), [0]), ((1,), [-1]), ((2,), [-2])]\n"

    assert start(script).communicate(timeout=60) == (expected, "")


@pytest.mark.parametrize("work", [jobs.compute_for_ever, jobs.compute_with_the_lock])
def test_closing_ends_workers_at_once(start, work):
    """An error in the block ends processes that are at calls that do not end."""
    script = HEAD + (
        "if __name__ == '__main__':\n"
        "    with Pool(1) as pool:\n"
        f"        pool.submit(jobs.{work.__name__}, ())\n"
        "        sys.stdin.readline()\n"
        "        raise SystemExit(7)\n"
    )
    process = start(script, stdin=subprocess.PIPE)
    assert process.stdout.readline() == "begun\n"

    assert process.communicate("go on\n", timeout=60) == ("", "")
    assert process.returncode == 7


def test_scripts_that_are_no_files_have_workers(start):
    """What Python is given with ``-c`` needs no import."""
    script = HEAD + "print(len(run(jobs.negate, 9)))"

    assert start("", "-c", script).communicate(timeout=60) == ("9\n", "")


def test_a_script_without_its_guard_is_told(start):
    """It neither starts processes without end nor waits: Python's own advice is shown."""
    process = start(HEAD + "run(jobs.negate, 9)")
    output, errors = process.communicate(timeout=60)

    assert output == ""
    assert "if __name__ == '__main__':" in errors
    assert "\nconcurrent.futures.process.BrokenProcessPool: " in errors
    assert process.returncode == 1


@pytest.mark.parametrize("command", ["kmq-convert", "kmq-info"])
def test_commands_of_a_checkout_have_their_guard(command, monkeypatch):
    """Where a process of theirs is started, which reads them again, they do nothing."""
    monkeypatch.syspath_prepend(str(TOOLS))

    assert "main" not in run_path(str(TOOLS / command), run_name="__mp_main__")


def test_workers_start_with_one_thread_each(monkeypatch):
    """Unless the user says otherwise; the caller's own settings stay as they are."""
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    monkeypatch.delenv("OPENBLAS_NUM_THREADS", raising=False)
    with Pool(1) as pool:
        found = pool.submit(jobs.settings).result()

    assert found == ["1", "3", True, False]
    assert os.environ["OMP_NUM_THREADS"] == "3"
    assert "OPENBLAS_NUM_THREADS" not in os.environ
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if hasattr(signal, "pthread_sigmask"):
        assert not signal.pthread_sigmask(signal.SIG_BLOCK, [])


def test_a_pool_is_renewed_and_closed():
    """After a renewal other processes do the work; after its end none does."""
    with Pool(1) as pool:
        pool.renew()  # though there is nothing to renew
        first = pool.submit(os.getpid).result()
        assert pool.submit(os.getpid).result() == first
        pool.renew()
        assert pool.submit(os.getpid).result() != first
    pool.close()

    with pytest.raises(RuntimeError, match="the pool is closed"):
        pool.submit(os.getpid)


@pytest.mark.parametrize("given", [0, 2])
def test_as_many_processes_as_the_system_gives(given, monkeypatch):
    """Where it gives fewer than asked for, these do the work; where none, that is the error."""
    started = []
    start_process = SpawnProcess.start

    def start_or_fail(process):
        if sum(other.is_alive() for other in started) >= given:
            raise BlockingIOError(11, "Resource temporarily unavailable")
        start_process(process)
        started.append(process)

    monkeypatch.setattr(SpawnProcess, "start", start_or_fail)
    batches = ((number,) for number in range(20))
    with Pool(4) as pool:
        outcomes = run_batches(jobs.negate, batches, pool, in_flight=lambda: 8, lost=None)
        if given:
            assert sorted(outcomes) == [((number,), [-number]) for number in range(20)]
        else:
            with pytest.raises(BrokenExecutor, match="Resource temporarily unavailable"):
                next(outcomes)
    assert len(started) >= given


def test_one_file_does_not_pay_for_processes():
    """Importing all of it imports nothing that only processes need."""
    script = (
        "import sys, kmcodec.batch.engine, kmcodec.batch.manifest, kmcodec.batch.pool\n"
        "assert not {'concurrent.futures', 'multiprocessing'} & set(sys.modules)\n"
        "list(kmcodec.batch.engine.run_batches(list, [()], None, in_flight=None, lost=None))\n"
        "assert not {'concurrent.futures', 'multiprocessing'} & set(sys.modules)\n"
    )
    command = [sys.executable, "-P", "-c", script]

    assert subprocess.run(command, timeout=60, check=False).returncode == 0
