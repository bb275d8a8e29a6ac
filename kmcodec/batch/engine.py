"""Run batches of work on an executor, few at a time, so that none is lost with a worker."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from itertools import chain
from typing import TYPE_CHECKING, Any, Final, Generic, Protocol, TypeAlias, TypeVar

if TYPE_CHECKING:
    from concurrent.futures import Future

Item = TypeVar("Item")
Result = TypeVar("Result")
Batch: TypeAlias = tuple[Item, ...]
Work: TypeAlias = Callable[[Batch[Item]], list[Result]]
Finished: TypeAlias = Generator[tuple[Batch[Item], list[Result]]]

_PATIENCE: Final = 1.0
"""Seconds after which the room for batches is asked again, and Windows sees an interrupt."""


class Executor(Protocol):
    """What batches can be run on: any executor of ``concurrent.futures``, and ``pool.Pool``."""

    def submit(self, function: Callable[..., Any], /, *arguments: Any) -> Future[Any]:
        """Run a function elsewhere."""
        ...


def run_batches(
    work: Work[Item, Result],
    batches: Iterable[Batch[Item]],
    executor: Executor | None,
    *,
    in_flight: Callable[[], int],
    lost: Callable[[Item, BaseException], Result],
) -> Finished[Item, Result]:
    """Yield each batch with its results, one an item, in the order in which they are finished.

    Batches are taken from the iterable when there is room for them. Where one fails as a whole (its
    worker was killed, its results cannot be pickled), its items are done once more, each alone, and
    yielded alone: so an item may be done twice, but has one result. When the generator is closed or
    interrupted, what is in flight is not waited for.

    Args:
        work: does a batch; of an empty one it makes an empty list.
        batches: where batches come from. When that fails, what is in flight is yielded before.
        executor: where work is done; None for here, one batch after the other. If it has a method
            ``renew``, that is called when it is broken, and to end what is still in flight.
        in_flight: tells how many batches may be submitted and unfinished, at every moment.
        lost: makes the result of an item that has failed alone, with the error.

    Raises:
        Exception: the executor does not even do an empty batch any more, or ``batches`` has failed.
    """
    if executor is None:
        for batch in batches:
            yield from _run_here(work, batch, lost)
        return
    flight = _Flight(work, executor)
    faults: list[Exception] = []
    try:
        for batch in _until_fault(batches, faults):
            flight.submit(batch)
            yield from _land(flight, lambda: max(1, in_flight()) - 1, lost)
        yield from _land(flight, lambda: 0, lost)
    finally:
        flight.end()
    if faults:
        raise faults[0]


def _until_fault(batches: Iterable[Batch[Item]], faults: list[Exception]) -> Generator[Batch[Item]]:
    """Yield batches, and put aside the fault that ends them, as others are still in flight."""
    try:
        yield from batches
    except Exception as error:  # noqa: BLE001  (it is raised later)
        faults.append(error)


def _run_here(
    work: Work[Item, Result],
    batch: Batch[Item],
    lost: Callable[[Item, BaseException], Result],
) -> Finished[Item, Result]:
    """Do a batch; if it fails as a whole, each of its items alone."""
    try:
        results = work(batch)
    except Exception:  # noqa: BLE001  (that of each item is told)
        for item in batch:
            try:
                results = work((item,))
            except Exception as error:  # noqa: BLE001  (it is told)
                results = [lost(item, error)]
            yield (item,), results
    else:
        yield batch, results


def _land(
    flight: _Flight[Item, Result],
    most: Callable[[], int],
    lost: Callable[[Item, BaseException], Result],
) -> Finished[Item, Result]:
    """Yield what is finished, until at most so many batches are in flight.

    If one fails, none is left in flight, and what has failed is done once more.
    """
    suspects: list[Batch[Item]] = []
    fault: BaseException | None = None
    while flight.count:
        is_full = flight.count > (0 if fault else most())
        end = flight.take(_PATIENCE if is_full else 0)
        if end is None and not is_full:
            break
        if end is None:
            continue
        batch, results = end
        if isinstance(results, BaseException):
            suspects.append(batch)
            fault = results
        else:
            yield batch, results
    if fault:
        flight.recover(fault)
        yield from _redo(flight, chain.from_iterable(suspects), lost)


def _redo(
    flight: _Flight[Item, Result],
    items: Iterable[Item],
    lost: Callable[[Item, BaseException], Result],
) -> Finished[Item, Result]:
    """Do items once more, with nothing beside each that could be to blame if it fails again."""
    for item in items:
        results = flight.run_alone((item,))
        if isinstance(results, BaseException):
            flight.recover(results)
            results = [lost(item, results)]
        yield (item,), results


class _Flight(Generic[Item, Result]):
    """The batches that are submitted and not yet taken back."""

    def __init__(self, work: Work[Item, Result], executor: Executor) -> None:
        from queue import SimpleQueue

        self._work = work
        self._executor = executor
        self._pending: dict[Future[list[Result]], Batch[Item]] = {}
        self._ended: SimpleQueue[Future[list[Result]]] = SimpleQueue()

    @property
    def count(self) -> int:
        """The number of batches in flight."""
        return len(self._pending)

    def submit(self, batch: Batch[Item]) -> None:
        """Submit a batch; if the executor does not take it, that is how the batch ends."""
        from concurrent.futures import Future  # slow to import, often not needed

        future: Future[list[Result]]
        try:
            future = self._executor.submit(self._work, batch)
        except Exception as error:  # noqa: BLE001  (whoever takes the batch back gets it)
            future = Future()
            future.set_exception(error)
        self._pending[future] = batch
        future.add_done_callback(self._ended.put)

    def take(self, patience: float) -> tuple[Batch[Item], list[Result] | BaseException] | None:
        """Return a batch that has ended, with its results or fault; None if all take longer."""
        from concurrent.futures import CancelledError
        from queue import Empty

        try:
            future = self._ended.get(timeout=patience)
        except Empty:
            return None
        batch = self._pending.pop(future)
        fault = CancelledError() if future.cancelled() else future.exception()
        return batch, future.result() if fault is None else fault

    def run_alone(self, batch: Batch[Item]) -> list[Result] | BaseException:
        """Run a batch while no other is in flight, and return its results or fault."""
        self.submit(batch)
        while (end := self.take(_PATIENCE)) is None:
            pass
        return end[1]

    def recover(self, fault: BaseException) -> None:
        """Have the executor renewed if a fault has broken it, and see that it works.

        Raises:
            BaseException: it does not.
        """
        from concurrent.futures import BrokenExecutor

        if isinstance(fault, BrokenExecutor) and not self._renew():
            raise fault
        still = self.run_alone(())
        if isinstance(still, BaseException):
            raise still

    def end(self) -> None:
        """Cancel at least what has not begun, and wait for nothing.

        Where the executor can be renewed, that is left to it: workers that are lost meanwhile would
        have the processes of Python 3.11 fail on futures that somebody else has canceled.
        """
        if self._pending and not self._renew():
            for future in self._pending:
                future.cancel()

    def _renew(self) -> bool:
        """Have the executor renewed, and return True, if it knows how to."""
        renew: Callable[[], None] | None = getattr(self._executor, "renew", None)
        if renew is not None:
            renew()
        return renew is not None
