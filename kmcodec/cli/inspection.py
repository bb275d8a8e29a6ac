"""Inspect .kmq files, in whichever process, for ``kmq-info``."""

import argparse
import json
from collections.abc import Generator, Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Final, NamedTuple

from kmcodec.batch.engine import Executor, run_batches
from kmcodec.conversion.faults import Exit, FileError, explain
from kmcodec.conversion.places import is_url, local_path, open_url
from kmcodec.conversion.reading import find_source
from kmcodec.files import info

from .info_json import json_error, json_object
from .info_text import text_lines

_BATCH: Final = 32


class Inspected(NamedTuple):
    """What there is to tell of a file.

    Attributes:
        text: to be printed on standard output; empty for nothing.
        fault: why it cannot be shown: exit code, name and message; None if it can.
        file_bytes: its size.
        raw_bytes: that of its pixels at 24 bits each.
    """

    text: str
    fault: tuple[Exit, str, str] | None = None
    file_bytes: int = 0
    raw_bytes: int = 0


@dataclass(frozen=True)
class Inspection:
    """The inspection of files as a command line wants it, which can be sent to other processes."""

    args: argparse.Namespace

    def __call__(self, batch: Iterable[tuple[int, str]]) -> list[Inspected]:
        """Inspect numbered files."""
        return [self._inspect(name) for _, name in batch]

    def lost(self, item: tuple[int, str], error: BaseException) -> Inspected:
        """Tell of a file whose inspection ended the process."""
        _, name = item
        fault = f"the process that inspected it ended: {error or type(error).__name__}"
        return self.failed(name, FileError(Exit.FAILED, name, fault))

    def _inspect(self, name: str) -> Inspected:
        args = self.args
        try:
            place = local_path(name)
            source = open_url(place).read() if is_url(place) else find_source(place)
            facts = info(
                source,
                check=args.check,
                max_pixels=args.max_pixels,
                max_frames=args.max_frames,
                max_total_pixels=args.max_total_pixels,
            )
            if args.json:
                text = json.dumps(json_object(name, facts, args.check), indent=2)
            else:
                lines = () if args.quiet else text_lines(name, facts, source, args)
                text = "\n".join(lines)
        except (OSError, ValueError, MemoryError, FileError) as error:
            return self.failed(name, error)
        return Inspected(text, None, facts.file_bytes, facts.bits["raw"] // 8)

    def failed(self, name: str, error: Exception) -> Inspected:
        """Tell that a file cannot be shown."""
        fault = error if isinstance(error, FileError) else explain(error, name)
        text = json.dumps(json_error(name, error), indent=2) if self.args.json else ""
        return Inspected(text, (fault.code, fault.name, str(fault)))


def inspect_files(
    names: Iterable[str], inspection: Inspection, executor: Executor | None, in_flight: int
) -> Generator[Inspected]:
    """Yield what there is to tell of files, in their order.

    Args:
        names: of the files.
        inspection: what is wanted.
        executor: where they are inspected; None for in this process.
        in_flight: how many batches may wait or be worked at.
    """
    numbered = enumerate(names)
    batches = iter(lambda: tuple(islice(numbered, _BATCH if executor else 1)), ())
    waiting: dict[int, Inspected] = {}
    shown = 0
    for batch, results in run_batches(
        inspection, batches, executor, in_flight=lambda: in_flight, lost=inspection.lost
    ):
        waiting |= dict(zip((number for number, _ in batch), results, strict=True))
        while shown in waiting:
            yield waiting.pop(shown)
            shown += 1
