"""Keep in a file what has been done, so that a run that was ended can be resumed.

Lines of JSON in ASCII: the first names the format, the settings and the run; each of the others is
a run that resumed it, the outputs that a batch is about to make, or the report of what became of
an input. What is done is known by digests in memory, as names of a million files are large.
"""

import json
import os
import re
import shutil
import stat
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from hashlib import blake2b
from secrets import token_bytes, token_hex
from typing import Any, Final

from kmcodec.conversion.faults import Exit, FileError, explain

_VERSION: Final = 1
_VERSION_KEY: Final = "kmq_manifest"
_LONGEST_LINE: Final = 1 << 26
"""In bytes, so that a file without lines is not read whole."""

_SYNC_SECONDS: Final = 1.0
_SPARE_BITS: Final = 4  # of a digest: integers of 60 bits take the least memory
_SIZE_BITS: Final = 30  # and so do those of 90
_SIZE_MASK: Final = (1 << _SIZE_BITS) - 1


class Manifest:
    """What earlier runs have done, and a record of what this one does.

    Attributes:
        run: what identifies this run, 16 hexadecimal digits.
        runs: all runs, of which this is the last.
    """

    def __init__(self, path: str, descriptor: int) -> None:
        self.run = token_hex(8)
        self.runs: list[str] = []
        self._path = path
        self._descriptor = descriptor
        self._size = 0  # to the end of the last complete line
        self._synced = time.monotonic()
        self._key = token_bytes()  # so that nobody can make names that have the same digest
        self._done: dict[int, int] = {}
        self._begun: set[int] = set()

    @classmethod
    @contextmanager
    def open(cls, path: str, settings: str, *, resume: bool) -> Iterator["Manifest"]:
        """Open the manifest of a run with some settings, which are given as a digest.

        Only to resume a run may it exist; no other run may have it open.

        Raises:
            FileError: it is no manifest, in use, of other settings, or cannot be written.
        """
        descriptor, is_new = _open(path, resume=resume)
        try:
            _lock(path, descriptor)
            manifest = cls(path, descriptor)
            manifest._read(settings)
            try:
                manifest._start(settings)
            except FileError:
                if is_new:
                    _remove(path)
                raise
            yield manifest
            manifest._sync()
        finally:
            os.close(descriptor)

    def is_done(
        self,
        source: str,
        output: str,
        stamp: Iterable[object],
        size_of: Callable[[], int | None],
    ) -> bool:
        """Return whether an earlier run has made this output of this input.

        Args:
            source: the name of the input.
            output: the name of the output.
            stamp: what tells whether the input is as it was then, as size and time.
            size_of: returns the bytes that the output has now, or None if it is not there.
        """
        done = self._done.get(self._digest(source, output))
        return done is not None and done == self._state(stamp, size_of())

    def made(self, source: str, output: str, size_of: Callable[[], int | None]) -> bool:
        """Return whether an output is the one that an earlier run has made, as far as sizes tell.

        Its input may have been changed since. Arguments are those of ``is_done``.
        """
        done = self._done.get(self._digest(source, output))
        return done is not None and done & _SIZE_MASK == _size_bits(size_of())

    def begun(self, output: str) -> bool:
        """Return whether an earlier run was about to make this output, and never told the end."""
        return self._digest(output) in self._begun

    def begin(self, outputs: Collection[str]) -> None:
        """Record which outputs are about to be made, of those that are not there.

        Raises:
            FileError: the manifest cannot be written.
        """
        if outputs:
            self._write([{"begun": list(outputs)}])

    def finish(self, reports: Iterable[Mapping[str, Any]]) -> None:
        """Record what became of inputs: reports in values of JSON, each with its "stamp".

        Raises:
            FileError: the manifest cannot be written.
        """
        self._write([{"done": dict(report)} for report in reports])

    def _read(self, settings: str) -> None:
        """Read what earlier runs have written, and cut off a line that was never completed."""
        try:
            with open(self._descriptor, "rb", closefd=False) as file:
                lines = iter(lambda: file.readline(_LONGEST_LINE), b"")
                for number, line in enumerate(lines, 1):
                    if not line.endswith(b"\n"):
                        self._cut_off(line)
                        break
                    self._take(number, line, settings)
                    self._size += len(line)
        except OSError as error:
            raise explain(error, self._path) from None

    def _cut_off(self, line: bytes) -> None:
        """Cut off the last line, of which only the beginning was written."""
        first = b'{"%s": ' % _VERSION_KEY.encode()
        is_ours = self._size or first.startswith(line) or line.startswith(first)
        if not is_ours or len(line) == _LONGEST_LINE:
            raise _refusal(self._path)
        os.ftruncate(self._descriptor, self._size)

    def _take(self, number: int, line: bytes, settings: str) -> None:
        """Take over what a line tells."""
        try:
            record = json.loads(line.decode("ascii"))
        except (ValueError, RecursionError):
            record = None
        if number == 1:
            self._take_first(record, settings)
            return
        match record:
            case {"run": str(run)} if _is_run(run):
                self.runs.append(run)
            case {"begun": [*names]} if all(isinstance(name, str) for name in names):
                self._begun.update(map(self._digest, names))
            case {"done": {"input": str(), "output": str() | None, "status": str()} as report}:
                self._take_report(report)
            case _:
                raise FileError(Exit.REFUSED, self._path, f"is damaged in line {number}")

    def _take_first(self, record: object, settings: str) -> None:
        match record:
            case {"kmq_manifest": int(version)} if version != _VERSION:
                raise FileError(Exit.REFUSED, self._path, "is of another version of kmcodec")
            case {"kmq_manifest": int(), "run": str(run), "settings": str(old)} if _is_run(run):
                self.runs.append(run)
            case _:
                raise _refusal(self._path)
        if old != settings:
            message = (
                "is of a run with other settings, or of one palette for other inputs; "
                "give the same, or another manifest"
            )
            raise FileError(Exit.USAGE, self._path, message)

    def _take_report(self, report: Mapping[str, Any]) -> None:
        source, output = report["input"], report["output"]
        self._begun.discard(self._digest(output))
        match report:
            case {"status": "converted" | "copied", "bytes": int(size), "stamp": [*stamp]}:
                self._done[self._digest(source, output)] = self._state(stamp, size)
            case {"status": "skipped", "larger": True, "stamp": [*stamp]}:  # so there is none
                self._done[self._digest(source, output)] = self._state(stamp, None)
            case {"status": "failed"}:  # to be done again, but what was made before is there
                known = self._digest(source, output)
                if known in self._done:
                    self._done[known] &= _SIZE_MASK

    def _start(self, settings: str) -> None:
        """Record that this run begins."""
        run: dict[str, object] = {"run": self.run}
        if not self._size:
            run = {_VERSION_KEY: _VERSION, **run, "settings": settings}
        self._write([run])
        self._sync()
        self.runs.append(self.run)

    def _write(self, records: Iterable[Mapping[str, object]]) -> None:
        """Append lines, all or none, and have them on the disk a second later."""
        lines = "".join(f"{json.dumps(record)}\n" for record in records).encode("ascii")
        rest = memoryview(lines)
        try:
            while rest:
                rest = rest[os.write(self._descriptor, rest) :]
        except OSError as error:
            with suppress(OSError):
                os.ftruncate(self._descriptor, self._size)
            raise explain(error, self._path) from None
        self._size += len(lines)
        if time.monotonic() - self._synced >= _SYNC_SECONDS:
            self._sync()

    def _sync(self) -> None:
        try:
            os.fsync(self._descriptor)
        except OSError as error:
            raise explain(error, self._path) from None
        self._synced = time.monotonic()

    def _state(self, stamp: Iterable[object], size: int | None) -> int:
        """Return what an input and the size of its output are known by."""
        return self._digest(*stamp) << _SIZE_BITS | _size_bits(size)

    def _digest(self, *parts: object) -> int:
        digest = blake2b(repr(parts).encode(), digest_size=8, key=self._key).digest()
        return int.from_bytes(digest) >> _SPARE_BITS


def _size_bits(size: int | None) -> int:
    """Return what tells a size from others near it, and from none, which is 0."""
    return 0 if size is None else (2 * size + 1) & _SIZE_MASK


def remove_leftovers(directory: str | os.PathLike[str], runs: Collection[str]) -> None:
    """Remove the temporary files that runs which were killed have left in a directory."""
    leftover = re.compile(rf"\.kmq-(?:{'|'.join(map(re.escape, runs))})-[0-9a-f]+\.tmp")
    with suppress(OSError), os.scandir(directory) as entries:
        for entry in entries:
            if leftover.fullmatch(entry.name):
                if entry.is_dir(follow_symlinks=False):
                    shutil.rmtree(entry.path, ignore_errors=True)
                else:
                    _remove(entry.path)


def _remove(path: str) -> None:
    with suppress(OSError):
        os.unlink(path)  # noqa: PTH108


def _open(path: str, *, resume: bool) -> tuple[int, bool]:
    """Open a manifest for reading and appending; tell whether it is new."""
    flags = os.O_RDWR | os.O_APPEND | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0)
    try:
        with suppress(FileExistsError):
            return os.open(path, flags | os.O_CREAT | os.O_EXCL, 0o666), True
        if not resume:
            raise FileError(Exit.REFUSED, path, "exists; --resume goes on with it")
        if not stat.S_ISREG(os.stat(path).st_mode):  # noqa: PTH116
            raise _refusal(path)
        return os.open(path, flags), False
    except OSError as error:
        raise explain(error, path) from None


def _lock(path: str, descriptor: int) -> None:
    """Keep other runs out, where there are locks; this one ends with the process."""
    try:
        from fcntl import LOCK_EX, LOCK_NB, flock
    except ImportError:
        return
    try:
        flock(descriptor, LOCK_EX | LOCK_NB)
    except BlockingIOError:
        raise FileError(Exit.REFUSED, path, "is in use by another run") from None
    except OSError:  # of a file system that has none
        return


def _is_run(text: str) -> bool:
    """Return whether this is the name of a run, which is to be part of names of files."""
    return re.fullmatch("[0-9a-f]{16}", text) is not None


def _refusal(path: str) -> FileError:
    return FileError(Exit.REFUSED, path, "is not a manifest of kmq-convert")
