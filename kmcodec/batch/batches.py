"""Put files together to batches, each much more work than it is to send it."""

from collections.abc import Iterable, Iterator
from typing import Final, Protocol, TypeVar

MOST_FILES: Final = 32
_MOST_BYTES: Final = 1 << 19
"""Where a batch ends: it takes half a second or so."""
_FEW_FILES: Final = 100
_FEW_BYTES: Final = 1 << 21
"""Up to where work is done sooner, or with less, than processes of their own have started."""


class Sized(Protocol):
    """What there is to do with a file."""

    @property
    def bytes(self) -> int:
        """The size of the file."""
        ...


Job = TypeVar("Job", bound=Sized)


def are_many(sizes: Iterable[int]) -> bool:
    """Return whether files of such sizes are worth processes of their own."""
    total = 0
    for count, size in enumerate(sizes, 1):
        total += size
        if count > _FEW_FILES or (count > 1 and total > _FEW_BYTES):
            return True
    return False


def make_batches(jobs: Iterable[Job | None], most: int = MOST_FILES) -> Iterator[tuple[Job, ...]]:
    """Put jobs together, so many files or bytes at a time; at None one ends."""
    batch: list[Job] = []
    size = 0
    for job in jobs:
        if job:
            batch.append(job)
            size += job.bytes
        if not job or len(batch) >= most or size >= _MOST_BYTES:
            yield tuple(batch)
            batch, size = [], 0
    if batch:
        yield tuple(batch)
