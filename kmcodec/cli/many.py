"""Convert many pictures on all cores, or on a cluster, and tell of each."""

import argparse
import sys
import time
from collections.abc import Iterator
from concurrent.futures import BrokenExecutor
from contextlib import ExitStack, closing
from pathlib import Path

from kmcodec.batch.convert import Request, convert_files
from kmcodec.batch.names import read_names
from kmcodec.conversion.faults import STANDARD, Exit, FileError, binary, explain
from kmcodec.conversion.task import Settings

from . import tell_all
from .file_options import if_exists
from .progress import show_files
from .telling import Teller


def convert_many(command: str, args: argparse.Namespace, settings: Settings) -> int:
    """Convert all pictures that the command line names, and tell what became of them.

    Raises:
        FileError: the list, the manifest or the processes cannot be used; so the run has ended.
    """
    teller = Teller(command, args)
    request = make_request(args)
    start = time.perf_counter()

    def summarize(end: str = "") -> None:
        if not args.quiet:
            tell_all(command, teller.summary(time.perf_counter() - start, end))

    try:
        convert_all(args, settings, request, teller)
    except (FileError, OSError):
        if teller.count:
            summarize("ended by an error")
        raise
    except BaseException:
        summarize("interrupted")
        raise
    summarize()
    return teller.code


def convert_all(
    args: argparse.Namespace, settings: Settings, request: Request, teller: Teller
) -> None:
    """Convert all pictures that are requested, and tell of each.

    Raises:
        FileError: the manifest or the processes cannot be used.
    """
    with ExitStack() as stack:
        executor = in_flight = None
        if args.cluster:
            from kmcodec.batch.cluster import connect  # as Dask takes a second to import

            executor = stack.enter_context(connect(args.cluster))
            in_flight = executor.in_flight
        reports = convert_files(
            request,
            settings,
            one_palette=args.one_palette,
            executor=executor,
            in_flight=in_flight,
            jobs=args.jobs or None,
            manifest=args.manifest,
            resume=args.resume,
        )
        stack.enter_context(closing(reports))
        bar = stack.enter_context(show_files(args.quiet, request.count))
        try:
            for report in reports:
                with bar.aside(speaks=teller.speaks(report)):
                    teller.tell(report)
                bar.step(teller.saved)
        except BrokenExecutor as error:
            raise FileError(Exit.FAILED, args.cluster or "--jobs", str(error)) from error


def make_request(args: argparse.Namespace) -> Request:
    """Return what the command line says about files.

    Raises:
        FileError: the list cannot be read.
    """
    return Request(
        names=[*args.names, *list_names(args)],
        recursive=args.recursive,
        include=args.include,
        exclude=args.exclude,
        mirrored=args.files_from is not None,
        out_dir=args.out_dir,
        suffix=args.ext,
        to=args.to,
        if_exists=if_exists(args),
    )


def list_names(args: argparse.Namespace) -> Iterator[str]:
    """Yield the names in the list."""
    if args.files_from is None:
        return
    separator = b"\0" if args.null else b"\n"
    try:
        if args.files_from == STANDARD:
            yield from read_names(binary(sys.stdin), separator)
            return
        with Path(args.files_from).open("rb") as file:
            yield from read_names(file, separator)
    except (OSError, ValueError) as error:
        raise explain(error, args.files_from) from error
