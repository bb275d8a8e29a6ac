"""Convert a batch of pictures: what a worker does, in whichever process it is."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from PIL import Image

from kmcodec.conversion.faults import Exit, FileError, explain
from kmcodec.conversion.picture import convert_picture
from kmcodec.conversion.report import Report
from kmcodec.conversion.task import Settings

from .plan import Job

_MOST_FILES: Final = 32
_MOST_BYTES: Final = 1 << 19
"""Where a batch ends: it takes half a second or so, much more than to send it."""


@dataclass(frozen=True)
class Work:
    """The conversion of batches, which can be sent to other processes."""

    settings: Settings

    def __call__(self, batch: Iterable[Job]) -> list[Report]:
        """Convert all pictures of a batch; a fault of one is in its report."""
        raise_limit(self.settings.max_pixels)
        return [self._convert(job) for job in batch]

    def _convert(self, job: Job) -> Report:
        try:
            return convert_picture(job.task, self.settings)
        except BrokenPipeError:  # of standard output
            raise
        except Exception as error:  # noqa: BLE001  (a fault of ours, too, is one of this picture)
            return Report.failed(job.task, explain(error, job.task.input))


def report_loss(job: Job, error: BaseException) -> Report:
    """Report a picture whose worker was lost with it, again and alone."""
    fault = f"the process that converted it ended: {error or type(error).__name__}"
    return Report.failed(job.task, FileError(Exit.FAILED, job.task.input, fault))


def raise_limit(max_pixels: int | None) -> None:
    """Let Pillow open pictures of so many pixels in this process."""
    if max_pixels is not None and max_pixels > (Image.MAX_IMAGE_PIXELS or max_pixels):
        Image.MAX_IMAGE_PIXELS = max_pixels


def are_many(sizes: Iterable[int]) -> bool:
    """Return whether files of such sizes make more than one batch, worth processes of their own."""
    total = 0
    for count, size in enumerate(sizes, 1):
        total += size
        if count > _MOST_FILES or total > _MOST_BYTES:
            return True
    return False


def make_batches(jobs: Iterable[Job | None]) -> Iterator[tuple[Job, ...]]:
    """Put jobs together, so many files or bytes at a time; at None one ends."""
    batch: list[Job] = []
    size = 0
    for job in jobs:
        if job:
            batch.append(job)
            size += job.bytes
        if not job or len(batch) >= _MOST_FILES or size >= _MOST_BYTES:
            yield tuple(batch)
            batch, size = [], 0
    if batch:
        yield tuple(batch)
