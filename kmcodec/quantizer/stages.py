"""Tell a callback what is being done, and time it."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Progress = Callable[[str, int], object]
"""A callback for the name of a stage and the steps begun in it; what it raises ends the work."""


class Stages:
    """The stages of one piece of work.

    Attributes:
        seconds: what each stage that has ended took.
    """

    def __init__(self, progress: Progress | None = None) -> None:
        """Tell ``progress``, if there is one."""
        self.seconds: dict[str, float] = {}
        self._progress = progress
        self._stage = ""
        self._steps = 0

    @contextmanager
    def __call__(self, stage: str) -> Iterator[None]:
        """Run a stage in a context, which may be entered again."""
        self._stage, self._steps = stage, -1
        self.step()
        start = time.perf_counter()
        yield
        passed = time.perf_counter() - start
        self.seconds[stage] = self.seconds.get(stage, 0.0) + passed

    def step(self) -> None:
        """Tell that one more step of the stage begins."""
        self._steps += 1
        if self._progress is not None:
            self._progress(self._stage, self._steps)
