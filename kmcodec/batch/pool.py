"""Run functions in processes that end at once when they are no longer wanted."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Thread
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from concurrent.futures import Future, ProcessPoolExecutor
    from multiprocessing.process import BaseProcess

_ONE_THREAD: Final = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS")
"""Variables of libraries that would start threads in every process, one a core."""

_MOST_JOBS: Final = 61 if sys.platform == "win32" else sys.maxsize
_PATIENCE: Final = 0.5
"""Seconds in which the system has ended processes that were killed, unless it is stuck itself."""


class Pool:
    """Processes that are started when work is submitted, and end with the block.

    They are spawned, so the caller's script needs ``if __name__ == "__main__":``. An interrupt from
    the terminal is for the caller alone. Whatever a process is at, it ends at once when the pool is
    closed, and when the caller's process ends, even if that is killed.
    """

    def __init__(self, jobs: int, on_end: Callable[[], object] = lambda: None) -> None:
        """Make a pool.

        Args:
            jobs: most processes.
            on_end: called whenever all processes have been ended, some maybe in their work.
        """
        self._on_end = on_end
        self._jobs = min(jobs, _MOST_JOBS)
        self._executor: ProcessPoolExecutor | None = None
        self._processes: list[BaseProcess] = []
        self._is_closed = False

    def __enter__(self) -> Pool:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def submit(self, function: Callable[..., Any], /, *arguments: Any) -> Future[Any]:
        """Run a function, which a process can import, on arguments that can be pickled.

        Raises:
            BrokenProcessPool: a process was killed, or could not be started; ``renew`` helps.
            RuntimeError: the pool is closed.
        """
        from concurrent.futures.process import BrokenProcessPool

        if self._is_closed:
            raise RuntimeError("the pool is closed")
        executor = self._executor or self._start()
        try:
            with _as_workers_want():  # as submitting may start a process
                return executor.submit(function, *arguments)
        except OSError as error:  # the system gives no more processes: the next time, ask for fewer
            self._jobs = max(1, self._jobs // 2)
            raise BrokenProcessPool(f"no process could be started: {error.strerror}") from error

    def renew(self) -> None:
        """End all processes; others are started when needed."""
        executor, self._executor = self._executor, None
        ending = Thread(target=_shut_down, args=(executor,), daemon=True)
        with suppress(RuntimeError):  # the system gives no more threads
            ending.start()  # first, so that the executor does not take their end for a fault
        processes = [process for process in self._processes if process.is_alive()]
        for process in processes:
            process.kill()
        deadline = time.monotonic() + _PATIENCE
        for process in processes:
            process.join(max(0, deadline - time.monotonic()))
        if ending.ident is not None:
            ending.join(max(0, deadline - time.monotonic()))
        self._processes.clear()
        self._on_end()

    def close(self) -> None:
        """End all processes for good."""
        self._is_closed = True
        self.renew()

    def _start(self) -> ProcessPoolExecutor:
        from concurrent.futures import ProcessPoolExecutor
        from multiprocessing.context import SpawnContext, SpawnProcess

        processes = self._processes

        class Context(SpawnContext):
            """One that keeps the processes it makes."""

            def Process(self, *arguments: Any, **options: Any) -> SpawnProcess:  # type: ignore[override]  # noqa: N802
                processes.append(process := SpawnProcess(*arguments, **options))
                return process

        self._executor = ProcessPoolExecutor(self._jobs, Context(), initializer=_prepare)
        return self._executor


def _shut_down(executor: ProcessPoolExecutor | None) -> None:
    """Wait until an executor has shut down: Python 3.11 may fail if it exits meanwhile."""
    if executor:
        executor.shutdown(cancel_futures=True)


@contextmanager
def _as_workers_want() -> Iterator[None]:
    """Have processes start with one thread for each, and deaf to interrupts from the terminal.

    They are so from the start, while they import, as a process inherits variables and what signals
    are blocked. The caller is interrupted a moment later.
    """
    added = [name for name in _ONE_THREAD if name not in os.environ]
    blocked = None
    if hasattr(signal, "pthread_sigmask"):
        blocked = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        os.environ.update(dict.fromkeys(added, "1"))
        yield
    finally:
        for name in added:
            os.environ.pop(name, None)
        if blocked is not None:
            signal.pthread_sigmask(signal.SIG_SETMASK, blocked)


def _prepare() -> None:
    """Let a process ignore interrupts, and end with the one that has started it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    from multiprocessing import parent_process

    if parent := parent_process():
        parent.join()
        os._exit(1)
