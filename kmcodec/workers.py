"""Work on several threads: these are enough, as kernels release the GIL."""

import os
from collections import deque
from collections.abc import Callable, Generator, Iterable
from threading import Thread
from typing import TypeVar

from .checks import check_integer

Item = TypeVar("Item")
Result = TypeVar("Result")


def map_in_order(
    function: Callable[[Item], Result], items: Iterable[Item], workers: int
) -> Generator[Result]:
    """Yield results in order, and work ahead of them on threads, by two items a worker at most.

    Where no thread can be started, the caller's does the work. An interrupt cancels what has not
    begun, and does not wait for what has, nor does the process when it ends: that is why this is
    no ``ThreadPoolExecutor``.
    """
    if workers <= 1:
        yield from map(function, items)
        return
    from concurrent.futures import Future  # slow to import, often not needed
    from queue import SimpleQueue

    tasks: SimpleQueue[tuple[Future[Result], Item] | None] = SimpleQueue()

    def work() -> None:
        for future, item in iter(tasks.get, None):
            if future.set_running_or_notify_cancel():
                try:
                    future.set_result(function(item))
                except BaseException as error:  # noqa: BLE001  (the caller gets it)
                    future.set_exception(error)

    threads = _start_threads(work, workers)
    if not threads:
        yield from map(function, items)
        return
    pending: deque[Future[Result]] = deque()
    wait = True
    try:
        for item in items:
            pending.append(Future())
            tasks.put((pending[-1], item))
            if len(pending) >= 2 * len(threads):
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()
    except (KeyboardInterrupt, SystemExit):
        wait = False
        raise
    finally:
        for future in pending:
            future.cancel()
        for _ in threads:
            tasks.put(None)
        for thread in threads if wait else ():
            thread.join()


def _start_threads(work: Callable[[], None], wanted: int) -> list[Thread]:
    """Start as many threads as the system gives, up to those that are wanted."""
    threads = []
    for _ in range(wanted):
        thread = Thread(target=work, name="kmcodec", daemon=True)
        try:
            thread.start()
        except RuntimeError:
            break
        threads.append(thread)
    return threads


def count_workers(threads: int | None, items: int) -> int:
    """Return the number of threads for some items: as many as the caller wants, or one a core."""
    if threads is None:
        affinity = getattr(os, "sched_getaffinity", None)
        threads = len(affinity(0)) if affinity else os.cpu_count() or 1
    return min(check_integer("threads", threads, 1), items)
