"""Convert many files: find them, plan where they go, run that."""

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from typing import Final

from kmcodec.conversion.faults import FileError
from kmcodec.conversion.report import Report
from kmcodec.conversion.task import IfExists, Settings
from kmcodec.format import EXTENSION
from kmcodec.workers import count_workers

from .batches import are_many
from .engine import Executor
from .manifest import Manifest
from .names import Selection, find_pictures, is_of_one_process
from .plan import Job, Plan
from .pool import Pool
from .run import Leftovers, convert_pictures, digest_settings

_AHEAD: Final = 3  # batches that wait or are worked at, for each worker
_MOST_WORKERS: Final = 1024
_MOST_LOOKED_AT: Final = 1000


@dataclass(frozen=True)
class Request:
    """Which files are converted, and to where.

    Attributes:
        names: paths and URLs of files, and if ``recursive`` of directories.
        recursive: whether all pictures in directories are converted.
        include: patterns as of a shell, one of which names or relative paths in directories have to
            match; none for all.
        exclude: patterns, none of which these may match.
        mirrored: whether a relative name keeps its directories below ``out_dir``, if there is one.
        out_dir: a directory or URL where outputs go; None for beside each input.
        suffix: what takes the place of the input's extension; None for that of the format.
        to: the format as an extension; None for .kmq, and .png for .kmq files.
        if_exists: what to do where there is an output.
    """

    names: Sequence[str]
    recursive: bool = False
    include: Sequence[str] = ()
    exclude: Sequence[str] = ()
    mirrored: bool = False
    out_dir: str | None = None
    suffix: str | None = None
    to: str | None = None
    if_exists: IfExists = "error"

    def count(self) -> int:
        """Count the inputs."""
        return sum(1 for _ in self.jobs())

    def jobs(self, *, copies: bool = False) -> Iterator[Job | FileError]:
        """Yield what is to be done, and an error for what cannot be.

        Args:
            copies: whether inputs may be copied to where their outputs would be.
        """
        plan = Plan(
            out_dir=self.out_dir,
            suffix=self.suffix,
            to=self.to,
            if_exists=self.if_exists,
            inputs=self.names,
            recursive=self.recursive,
            copies=copies,
        )
        of_kmq = not plan.makes_kmq
        selection = Selection(of_kmq, tuple(self.include), tuple(self.exclude), self.out_dir)
        mirrored = self.mirrored and self.out_dir is not None
        return plan.jobs(find_pictures(self.names, selection, self.recursive, mirrored))


def convert_files(
    request: Request,
    settings: Settings | None = None,
    *,
    one_palette: bool = False,
    executor: Executor | None = None,
    in_flight: Callable[[], int] | None = None,
    jobs: int | None = None,
    manifest: str | None = None,
    resume: bool = False,
) -> Generator[Report]:
    """Convert many files, and yield a report of each, in the order in which they are finished.

    A file that fails does not keep others from being converted. If the generator is closed, what
    was begun is ended, no temporary file is left, and no output is less than complete.

    Args:
        request: which files, and to where.
        settings: how.
        one_palette: whether all are .kmq files of the same palette, chosen once for the colors of
            all.
        executor: where, as of ``concurrent.futures``: its workers read and write the same files.
            None for processes of its own, or for this one where files are few.
        in_flight: tells how many batches may wait or be worked at by ``executor``; None for three
            for each of ``jobs``.
        jobs: files converted at once; None for one a core.
        manifest: a file in which is recorded what is done.
        resume: whether what an earlier run has recorded there is not done again.

    Raises:
        ValueError: there is nothing to resume without a manifest.
        FileError: the manifest cannot be used.
        BrokenExecutor: the executor has ended.
    """
    if resume and manifest is None:
        raise ValueError("resume takes a manifest")
    if one_palette and request.to is None:
        request = replace(request, to=EXTENSION)
    settings = replace(settings or Settings(), make_parents=request.out_dir is not None)
    planned = partial(request.jobs, copies=settings.if_larger == "copy")
    workers = jobs or count_workers(None, _MOST_WORKERS)
    with ExitStack() as stack:
        leftovers = stack.enter_context(Leftovers())
        if executor is None and workers > 1 and not settings.dry_run and _are_many(request):
            executor = stack.enter_context(Pool(workers, on_end=leftovers.remove))
        limit = in_flight or (lambda: _AHEAD * workers)
        if one_palette and not settings.dry_run:
            from .palette import share_palette  # with the quantizer, which others do not need

            names = [job.task.input for job in planned() if isinstance(job, Job)]
            settings = share_palette(names, settings, executor, limit)
        digest = digest_settings(settings)
        if executor is not None:  # each worker has one core
            settings = replace(settings, options={"threads": 1} | settings.options)
        record = None
        if manifest is not None and not settings.dry_run:
            record = stack.enter_context(Manifest.open(manifest, digest, resume=resume))
            leftovers.runs = record.runs
        yield from convert_pictures(
            planned(), settings, executor, leftovers, in_flight=limit, manifest=record
        )


def _are_many(request: Request) -> bool:
    """Return whether files are worth processes of their own, which share no memory."""
    if any(map(is_of_one_process, (*request.names, request.out_dir or ""))):
        return False
    first = islice(request.jobs(), _MOST_LOOKED_AT)  # of which all may be errors
    return are_many(job.bytes for job in first if isinstance(job, Job))
