"""Convert a picture, still or moving, from one file to another."""

import os
import time
import warnings
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import IO, Final

from kmcodec.format import FORMAT

from .directories import write_directory
from .faults import STANDARD, FileError, explain, plural
from .frames_out import MOVING_FORMATS
from .heard import hear_warnings
from .loss import describe_loss
from .moving import convert_frames
from .places import is_url, local_path, open_url
from .reading import open_input
from .report import Report
from .source import Source, open_source
from .still import convert_still
from .targets import (
    LargerError,
    choose_target,
    find_reason_to_skip,
    is_directory,
    is_same,
    name_of_copy,
    write_output,
)
from .task import Settings, Task

_COPY_BYTES: Final = 1 << 20


def convert_picture(task: Task, settings: Settings) -> Report:
    """Convert a picture, and report what became of it, a failure too."""
    start = time.perf_counter()
    times = times_of(task.input) if settings.preserve_times else None
    with hear_warnings() as heard:
        try:
            report = _convert(task, settings)
        except FileError as error:
            report = Report.failed(task, error)
    if times and report.output and report.status in ("converted", "copied"):
        set_times(report.output, times)
    return replace(report, warnings=tuple(heard), seconds=time.perf_counter() - start)


def _convert(task: Task, settings: Settings) -> Report:
    output = task.output and local_path(task.output)
    task = replace(task, input=local_path(task.input), output=output)
    if task.output and (reason := find_reason_to_skip(task, task.output)):
        return Report(task.input, task.output, "skipped", reason)
    with open_source(task.input, settings.max_pixels) as (source, file):
        from_kmq = source.kmq is not None
        output, target_format = choose_target(task, settings, from_kmq)
        reason = find_reason_to_skip(task, output, target_format, from_kmq)
        report = Report(task.input, output, "skipped", reason, input_bytes=source.input_bytes)
        if reason:
            return report
        if settings.dry_run:
            return replace(report, status="planned", format=target_format)
        try:
            return _write(source, file, settings, replace(report, format=target_format))
        except LargerError as error:
            report = replace(report, reason=str(error), larger=True)
    return copy_input(task, settings, report) if settings.if_larger == "copy" else report


def _write(source: Source, file: IO[bytes] | None, settings: Settings, report: Report) -> Report:
    output, target_format = report.output, report.format
    assert output is not None and target_format is not None  # noqa: PT018
    wanted = choose_frames(source, settings, target_format)
    into_directory = is_directory(output)
    make = convert_still if len(wanted) == 1 and not into_directory else convert_frames
    image, shown, pieces = make(source, wanted, settings, target_format, output)
    pieces = read_then_close(pieces, file)
    if settings.make_parents:
        make_parents(output)
    if into_directory:
        size = write_directory(pieces, len(wanted), output)
    else:
        most = None if settings.if_larger == "keep" else source.input_bytes
        size = write_output(pieces, output, most, settings.run)
    loss = None
    if settings.describe_loss and shown and not shown.is_exact:
        keep_hidden = settings.options.get("keep_hidden", False)
        loss = describe_loss(image, shown, len(wanted), keep_hidden)
    return replace(
        report.showing(image, shown),
        status="converted",
        frames=len(wanted),
        bytes=size,
        larger=size > source.input_bytes,
        loss=loss,
    )


def choose_frames(source: Source, settings: Settings, target_format: str) -> range:
    """Choose the frames to convert: all that are asked for, or the first if one has room."""
    wanted = source.choose(settings.frames)
    if settings.thumbnail is not None:
        return wanted[:1]
    if len(wanted) > 1 and target_format not in {FORMAT, *MOVING_FORMATS}:
        warnings.warn(
            f"{target_format} holds one picture: frame {wanted[0]} is converted, "
            f"{plural(len(wanted) - 1, 'frame')} left out",
            stacklevel=2,
        )
        return wanted[:1]
    return wanted


def read_then_close(
    pieces: Iterable[bytes | bytearray], file: IO[bytes] | None
) -> Iterator[bytes | bytearray]:
    """Yield pieces, and close the input after the last: some systems replace no open file."""
    yield from pieces
    if file:
        file.close()


def make_parents(output: str) -> None:
    """Make the directories that an output is to be in.

    Raises:
        FileError: that fails.
    """
    if is_url(output):
        return
    parent = Path(output).parent
    try:
        parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise explain(error, str(parent)) from error


def times_of(name: str) -> tuple[int, int] | None:
    """Return when a file was read and changed, to the nanosecond; None for what is no file."""
    if name == STANDARD:
        return None
    try:
        found = os.stat(local_path(name))  # noqa: PTH116  (which takes any name)
    except (OSError, ValueError, FileError):
        return None
    return found.st_atime_ns, found.st_mtime_ns


def set_times(output: str, times: tuple[int, int]) -> None:
    """Give an output times, where it is a file."""
    if output != STANDARD:
        with suppress(OSError):
            os.utime(output, ns=times)


def copy_input(task: Task, settings: Settings, report: Report) -> Report:
    """Copy an input that has no smaller output to where that would be, so that a set is whole."""
    assert report.output
    if STANDARD in (task.input, report.output):
        return report
    copy = name_of_copy(task.input, report.output)
    reason = find_reason_to_skip(replace(task, to=None), copy)
    if reason or is_same(task.input, copy):
        return replace(report, output=copy, reason=reason or report.reason)
    if settings.make_parents:
        make_parents(copy)
    with open_url(task.input) if is_url(task.input) else open_input(task.input) as file:
        write_output(iter(lambda: file.read(_COPY_BYTES), b""), copy, None, settings.run)
    return replace(report, output=copy, status="copied", bytes=report.input_bytes)
