"""Show on a terminal how far the work is, with tqdm; nowhere else."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, Final

from .telling import is_watched

_DELAY: Final = 1.0  # seconds after which it is worth a look


@contextmanager
def show_stages(quiet: bool) -> Iterator[Callable[[str, int, int], None] | None]:
    """Give what the encoder's ``progress`` takes, which shows its stages; None if nobody looks."""
    if quiet or not is_watched():
        yield None
        return
    from tqdm import tqdm

    with tqdm(delay=_DELAY, leave=False, bar_format="{desc}: {bar} {n_fmt}/{total_fmt}") as bar:

        def show(stage: str, done: int, total: int) -> None:
            if (bar.desc, bar.total) != (stage, total):
                bar.set_description_str(stage, refresh=False)
                bar.reset(total)
            bar.update(done - bar.n)

        yield show


class FileBar:
    """A bar of files: how many are done, how many a second, how long yet, and bytes saved."""

    def __init__(self, bar: Any = None) -> None:
        """Use a bar of tqdm; without one, show nothing."""
        self._bar = bar

    def step(self, saved: int) -> None:
        """Count a file that is done."""
        if self._bar is not None:
            self._bar.set_postfix_str(f"{saved:,} bytes saved", refresh=False)
            self._bar.update()

    def aside(self, *, speaks: bool) -> AbstractContextManager[Any]:
        """Clear the line of the bar while something else is written, if anything is."""
        return (
            self._bar.external_write_mode() if self._bar is not None and speaks else nullcontext()
        )


@contextmanager
def show_files(quiet: bool, count: Callable[[], int]) -> Iterator[FileBar]:
    """Show a bar while files are done, if somebody looks.

    Args:
        quiet: whether nothing is to be shown.
        count: counts the files, if that is needed.
    """
    if quiet or not is_watched():
        yield FileBar()
        return
    from tqdm import tqdm

    with tqdm(total=count(), unit="file", delay=_DELAY, leave=False, dynamic_ncols=True) as bar:
        yield FileBar(bar)
