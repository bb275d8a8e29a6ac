"""Convert a batch of pictures: what a worker does, in whichever process it is."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from kmcodec.conversion.faults import Exit, FileError, explain
from kmcodec.conversion.report import Report
from kmcodec.conversion.task import Settings, Task

from .plan import Job

_KILLED: Final = {"BrokenProcessPool", "KilledWorker"}
"""What executors call it that a worker was lost."""


@dataclass(frozen=True)
class Work:
    """The conversion of batches, which can be sent to other processes."""

    settings: Settings

    def __call__(self, batch: Iterable[Job]) -> list[Report]:
        """Convert all pictures of a batch; a fault of one is in its report."""
        # Imported here, as whoever only sends batches needs none of what converts.
        from kmcodec.conversion.picture import convert_picture
        from kmcodec.conversion.source import raise_limit

        raise_limit(self.settings.max_pixels)
        return [self._convert(job, convert_picture) for job in batch]

    def _convert(self, job: Job, convert: Callable[[Task, Settings], Report]) -> Report:
        try:
            return convert(job.task, self.settings)
        except Exception as error:  # noqa: BLE001  (a fault of ours, too, is one of this picture)
            return Report.failed(job.task, explain(error, job.task.input))


def report_loss(job: Job, error: BaseException) -> Report:
    """Report a picture whose worker was lost with it, again and alone."""
    fault = "its process was ended, twice, as by a shortage of memory"
    if isinstance(error, Exception) and type(error).__name__ not in _KILLED:
        fault = str(error) or type(error).__name__
    return Report.failed(job.task, FileError(Exit.FAILED, job.task.input, fault))
