"""Tell a callback what is being done, and time it."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from .checks import check_function
from .options import Progress


class Stages:
    """The stages of one piece of work.

    Attributes:
        seconds: what each stage that has ended took.
    """

    def __init__(self, progress: Progress | None = None) -> None:
        """Tell ``progress``, if there is one."""
        check_function("progress", progress)
        self.seconds: dict[str, float] = {}
        self._progress = progress
        self._stage = ""
        self._done = self._total = 0

    @contextmanager
    def __call__(self, stage: str, total: int = 1) -> Iterator[None]:
        """Run a stage of at most ``total`` steps in a context, which may be entered again."""
        self._stage, self._done, self._total = stage, 0, total
        self._tell()
        start = time.perf_counter()
        yield
        passed = time.perf_counter() - start
        self.seconds[stage] = self.seconds.get(stage, 0.0) + passed
        if self._done < self._total:
            self._done = self._total
            self._tell()

    def step(self) -> None:
        """Tell that one more step of the stage is done."""
        self._done += 1
        self._tell()

    def _tell(self) -> None:
        if self._progress is not None:
            self._progress(self._stage, self._done, self._total)
