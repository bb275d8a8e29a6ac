"""Inspect .kmq files, in whichever process, for ``kmq-info``."""

import argparse
import json
from collections.abc import Generator, Iterable
from dataclasses import dataclass
from typing import Final, NamedTuple

from kmcodec.batch.batches import make_batches
from kmcodec.batch.engine import Executor, run_batches
from kmcodec.batch.names import Found
from kmcodec.conversion.faults import Exit, FileError, explain, explain_loss
from kmcodec.conversion.places import is_url, local_path, open_url
from kmcodec.conversion.reading import find_source
from kmcodec.files import info

from .info_json import json_error, json_object
from .info_text import text_lines

_MOST_WAITING: Final = 1000
"""Files that are inspected while one before them takes long, and then it is waited for."""


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
class Item:
    """A file to inspect.

    Attributes:
        number: its place among all.
        found: what it is, or why that was not found out.
    """

    number: int
    found: Found | FileError

    @property
    def bytes(self) -> int:
        """The size of the file."""
        return 0 if isinstance(self.found, FileError) else self.found.bytes


@dataclass(frozen=True)
class Inspection:
    """The inspection of files as a command line wants it, which can be sent to other processes.

    Attributes:
        args: the command line.
        threads: bands of a file checked at once; None for one a core.
    """

    args: argparse.Namespace
    threads: int | None = None

    def __call__(self, batch: Iterable[Item]) -> list[Inspected]:
        """Inspect files."""
        return [self._inspect(item.found) for item in batch]

    def lost(self, item: Item, error: BaseException) -> Inspected:
        """Tell of a file whose inspection ended the process."""
        name = item.found.name
        return self._failed(name, explain_loss(error, name))

    def _inspect(self, found: Found | FileError) -> Inspected:
        if isinstance(found, FileError):
            return self._failed(found.name, found)
        args, name = self.args, found.name
        try:
            place = local_path(name)
            source = open_url(place).read() if is_url(place) else find_source(place)
            facts = info(
                source,
                check=args.check,
                max_pixels=args.max_pixels,
                max_frames=args.max_frames,
                max_total_pixels=args.max_total_pixels,
                threads=self.threads,
            )
            if args.json:
                text = json.dumps(json_object(name, facts, args.check), indent=2)
            else:
                lines = () if args.quiet else text_lines(name, facts, source, args)
                text = "\n".join(lines)
        except (OSError, ValueError, MemoryError, FileError) as error:
            return self._failed(name, error)
        return Inspected(text, None, facts.file_bytes, facts.bits["raw"] // 8)

    def _failed(self, name: str, error: Exception) -> Inspected:
        fault = error if isinstance(error, FileError) else explain(error, name)
        text = json.dumps(json_error(name, error, fault), indent=2) if self.args.json else ""
        return Inspected(text, (fault.code, fault.name, str(fault)))


def inspect_files(
    found: Iterable[Found | FileError],
    inspection: Inspection,
    executor: Executor | None,
    most: int,
) -> Generator[Inspected]:
    """Yield what there is to tell of files, in their order.

    Args:
        found: the files, and errors of those that were not found.
        inspection: what is wanted.
        executor: where they are inspected; None for in this process.
        most: how many batches may wait or be worked at.
    """
    items = (Item(number, one) for number, one in enumerate(found))
    batches = make_batches(items) if executor else ((item,) for item in items)
    waiting: dict[int, Inspected] = {}
    shown = 0
    for batch, results in run_batches(
        inspection,
        batches,
        executor,
        in_flight=lambda: most if len(waiting) < _MOST_WAITING else 1,
        lost=inspection.lost,
    ):
        waiting.update(zip((item.number for item in batch), results, strict=True))
        while shown in waiting:
            yield waiting.pop(shown)
            shown += 1
