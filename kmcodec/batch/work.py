"""Convert a batch of pictures: what a worker does, in whichever process it is."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from kmcodec.conversion.faults import explain, explain_loss
from kmcodec.conversion.report import Report
from kmcodec.conversion.task import Settings, Task

from .plan import Job


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
    return Report.failed(job.task, explain_loss(error, job.task.input))
