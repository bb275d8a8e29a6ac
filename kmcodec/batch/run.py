"""Run a plan: batches to an executor, what is done to a manifest, reports to the caller."""

import os
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import fields, replace
from hashlib import sha256
from secrets import token_hex
from typing import Final, Self

import numpy as np

from kmcodec.conversion.faults import FileError
from kmcodec.conversion.places import is_url, shown, size_of, stat_url
from kmcodec.conversion.report import Report
from kmcodec.conversion.targets import is_same, name_of_copy
from kmcodec.conversion.task import Settings, Task

from .batches import MOST_FILES, make_batches
from .engine import Executor, run_batches
from .manifest import Manifest, remove_leftovers
from .plan import Job
from .work import Work, report_loss

Batch = tuple[Job, ...]

_OF_THE_RUN: Final = frozenset(
    {
        "options",
        "option progress",
        "option threads",
        "max_pixels",
        "dry_run",
        "describe_loss",
        "run",
    }
)
"""What may differ between runs that make the same outputs."""
_MOST_ASIDE: Final = 1000


class Leftovers:
    """Removes the temporary files of batches that were begun and never finished.

    At its end it removes those of this run: whoever wrote them has to be gone by then, so it is
    entered before the executor. Those of earlier runs are removed where this one begins a batch.

    Attributes:
        runs: the ids of all runs, of which this is the last.
    """

    def __init__(self) -> None:
        """Make an id for this run."""
        self.runs = [token_hex(8)]
        self._begun: Counter[str] = Counter()
        self._swept: set[str] = set()

    @property
    def run(self) -> str:
        """The id of this run."""
        return self.runs[-1]

    def begin(self, batch: Batch) -> None:
        """Remember where a batch writes."""
        for folder in _folders(batch):
            self._begun[folder] += 1
            if self.runs[1:] and folder not in self._swept:
                self._swept.add(folder)
                remove_leftovers(folder, self.runs[:-1])

    def finish(self, batch: Batch) -> None:
        """Forget it."""
        self._begun.subtract(_folders(batch))
        self._begun += Counter()  # without zeros

    def __enter__(self) -> Self:
        """Wait for the end."""
        return self

    def __exit__(self, *_: object) -> None:
        """Remove them."""
        self.remove()

    def remove(self) -> None:
        """Remove those of this run, while nobody writes."""
        for folder in self._begun:
            remove_leftovers(folder, [self.run])


def _folders(batch: Batch) -> Iterator[str]:
    names = (job.task.output for job in batch)
    return (os.path.dirname(name) or "." for name in names if name and not is_url(name))  # noqa: PTH120


def convert_pictures(
    planned: Iterable[Job | FileError],
    settings: Settings,
    executor: Executor | None,
    leftovers: Leftovers,
    *,
    in_flight: Callable[[], int] = lambda: 1,
    manifest: Manifest | None = None,
) -> Generator[Report]:
    """Convert pictures, and yield a report of each, in the order in which they are finished.

    Args:
        planned: what is to be done, and errors, which become reports.
        settings: how.
        executor: where; None for in this process.
        leftovers: told of batches as they begin and end.
        in_flight: tells how many batches may wait or be worked at.
        manifest: what was done by earlier runs, which is not done again, and where this is told.
    """
    aside: list[Report] = []
    jobs = _pick(planned, manifest, aside)
    work = Work(replace(settings, run=f"{leftovers.run}-"))
    most = MOST_FILES if executor else 1  # what is not sent is told of one by one
    copies = settings.if_larger == "copy"
    batches = _begin(make_batches(jobs, most), copies, manifest, leftovers)
    outcomes = run_batches(work, batches, executor, in_flight=in_flight, lost=report_loss)
    for batch, reports in outcomes:
        if manifest:
            manifest.finish(map(_record, batch, reports))
        leftovers.finish(batch)
        yield from _drain(aside)
        yield from reports
    yield from _drain(aside)


def _pick(
    planned: Iterable[Job | FileError], manifest: Manifest | None, aside: list[Report]
) -> Iterator[Job | None]:
    """Yield what is to be done, put aside reports of what is not, and None if these are many."""
    for job in planned:
        if len(aside) >= _MOST_ASIDE:
            yield None
        if isinstance(job, FileError):
            aside.append(Report.failed(Task(job.name), job))
            continue
        if manifest is None:
            yield job
            continue
        task = job.task
        assert task.output is not None
        names = shown(task.input), shown(task.output)
        size_of_made = _size_of(task)
        if job.stamp and manifest.is_done(*names, job.stamp, size_of_made):
            aside.append(Report(task.input, task.output, "skipped", "done by an earlier run"))
        elif manifest.begun(names[1]) or manifest.made(*names, size_of_made):
            yield may_replace(job)
        else:
            yield job


def _size_of(task: Task) -> Callable[[], int | None]:
    """Return a function that finds the size of an output, or of the copy in its place."""
    output = task.output
    assert output is not None

    def find() -> int | None:
        copy = name_of_copy(task.input, output)
        size = size_of(output)
        return size_of(copy) if size is None and copy != task.input else size

    return find


def _record(job: Job, report: Report) -> dict[str, object]:
    """Return what a manifest tells of a report, by the output that was planned."""
    assert job.task.output is not None
    return report.as_json() | {"output": shown(job.task.output), "stamp": job.stamp}


def _drain(reports: list[Report]) -> Iterator[Report]:
    while reports:
        yield reports.pop(0)


def _begin(
    batches: Iterable[Batch], copies: bool, manifest: Manifest | None, leftovers: Leftovers
) -> Iterator[Batch]:
    """Yield batches, and remember that they are begun.

    An output that is not there yet may be replaced from now on, as a worker can be lost after it
    has written it, and before it has told.
    """
    for batch in batches:
        new = {job for job in batch if not is_there(job, copies=copies)}
        if manifest:
            manifest.begin(
                [shown(job.task.output) for job in batch if job in new and job.task.output]
            )
        leftovers.begin(batch)
        yield tuple(may_replace(job) if job in new else job for job in batch)


def is_there(job: Job, *, copies: bool = False) -> bool:
    """Return whether an output exists, or what a copy would replace, where that matters."""
    task = job.task
    if task.output is None or task.if_exists == "overwrite":
        return False
    if _is_taken(task.output):
        return True
    copy = name_of_copy(task.input, task.output)
    return copies and _is_taken(copy) and not is_same(task.input, copy)


def _is_taken(name: str) -> bool:
    return stat_url(name) is not None if is_url(name) else os.path.lexists(name)


def may_replace(job: Job) -> Job:
    """Return a job that writes its output though it exists."""
    return replace(job, task=replace(job.task, if_exists="overwrite"))


def digest_settings(settings: Settings) -> str:
    """Return what tells settings apart whose outputs differ."""
    facts = {field.name: getattr(settings, field.name) for field in fields(settings)}
    facts |= {f"option {name}": value for name, value in settings.options.items()}
    told = sorted(f"{name} {_describe(facts[name])}" for name in facts.keys() - _OF_THE_RUN)
    return sha256("\n".join(told).encode()).hexdigest()[:16]


def _describe(value: object) -> str:
    """Return a value as text that is the same in every process."""
    if isinstance(value, np.ndarray):
        return f"{value.dtype} {value.shape} {sha256(value.tobytes()).hexdigest()}"
    return repr(sorted(value) if isinstance(value, frozenset) else value)
