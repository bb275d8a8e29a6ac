"""Tell what became of each file, and of all."""

import argparse
import json
import sys
from collections import Counter
from typing import TextIO

from kmcodec.conversion.faults import escape, opened, plural
from kmcodec.conversion.places import shown
from kmcodec.conversion.report import Report

from . import tell


def is_watched() -> bool:
    """Return whether somebody at a terminal reads what is told."""
    return sys.stderr is not None and sys.stderr.isatty()


class Teller:
    """Who tells of files, and counts them.

    Attributes:
        code: the worst exit code of any.
        saved: how many bytes outputs have less than inputs.
    """

    def __init__(self, command: str, args: argparse.Namespace, *, to_stdout: bool = False) -> None:
        """Find out where to tell.

        Args:
            command: its name.
            args: of the command line: quiet, verbose, json and dry_run.
            to_stdout: whether the output goes to standard output.

        Raises:
            FileError: that is closed.
        """
        self.code = 0
        self._command = command
        self._args = args
        self._out: TextIO | None = None
        if args.json or args.dry_run:
            self._out = opened(sys.stderr if to_stdout else sys.stdout)
        self._counts: Counter[str] = Counter()
        self._input_bytes = self._output_bytes = self._inexact = 0

    @property
    def count(self) -> int:
        """How many files it has told of."""
        return self._counts.total()

    @property
    def saved(self) -> int:
        """How many bytes less outputs have than inputs."""
        return self._input_bytes - self._output_bytes

    def speaks(self, report: Report) -> bool:
        """Return whether there is anything to tell of a file."""
        is_told = bool(report.warnings or report.loss or report.status == "planned")
        always = self._args.verbose or self._args.json or report.error
        return bool(always or (is_told and not self._args.quiet))

    def tell(self, report: Report) -> None:
        """Tell of a file, and count it."""
        self._count(report)
        if not self._args.quiet:
            for message in report.warnings:
                tell(self._command, shown(report.input), f"warning: {message}")
        if report.error:
            tell(self._command, shown(report.error["name"]), report.error["message"])
        elif report.loss and not self._args.quiet:
            tell(self._command, shown(report.input), report.loss)
        if self._args.verbose and not report.error:
            tell(self._command, shown(report.input), report.text())
        if self._args.json:
            print(json.dumps(report.as_json()), file=self._out, flush=True)
        elif report.status == "planned" and not self._args.quiet:
            names = shown(report.input), shown(report.output or "")
            print(" -> ".join(map(escape, names)), file=self._out)

    def _count(self, report: Report) -> None:
        self.code = max(self.code, report.code)
        self._counts[report.status] += 1
        self._inexact += report.exact is False and not report.error
        if report.status in ("converted", "copied"):
            self._input_bytes += report.input_bytes or 0
            self._output_bytes += report.bytes or 0

    def summary(self, seconds: float, end: str = "") -> str:
        """Return what became of all files as one line, and what has ended the run early."""
        counts = [
            f"{self._counts[status]:,} {status}" for status in _STATUSES if self._counts[status]
        ]
        parts = [", ".join(counts)] if counts else []
        if self._inexact:
            parts.append(f"{self._inexact:,} not exact")
        if self._input_bytes:
            share = 100 * self._output_bytes / self._input_bytes
            parts.append(f"{self._input_bytes:,} to {self._output_bytes:,} bytes ({share:.1f} %)")
        parts.append(f"{seconds:.1f} s{f', {end}' if end else ''}")
        return f"{plural(self.count, 'file')}: {'; '.join(parts)}"


_STATUSES = ("converted", "copied", "planned", "skipped", "failed")
