"""Read, write and list pictures by URLs of any store that fsspec knows, such as S3."""

import os
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from errno import ENOENT
from pathlib import PurePath
from textwrap import shorten
from typing import IO, Any, Final, NamedTuple, NoReturn

from .faults import Exit, FileError, explain
from .reading import may_be_picture, read_stream

_URL: Final = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+._-]+)://(?P<rest>.*)", re.DOTALL)
_LOCAL: Final = {"file", "local"}
_NO_NAMES: Final = {"", ".", ".."}
_PASSWORD: Final = re.compile(
    r"(?<=://)[^/\s]*:[^/\s]*@|(?<=http://|ttps://)[^/\s]*@", re.IGNORECASE
)
_QUERY: Final = re.compile(r"\?[^\s'\"]+")
_MOST_LETTERS: Final = 300  # of what a store says
_TAGS: Final = ("ETag", "etag")
_TIMES: Final = ("mtime", "LastModified", "last_modified", "Last-Modified", "updated", "created")
_GONE: Final = (404, 410)  # of HTTP

Store = Any  # a file system of fsspec, which has no types


class Stat(NamedTuple):
    """What a store tells of a file.

    Attributes:
        size: in bytes; None where the store does not tell, as in listings over HTTP.
        stamp: what changes with the content: the store's tag, or else ``modified``.
        modified: seconds since 1970.
    """

    size: int | None
    stamp: str | float | None
    modified: float | None


def is_url(name: str) -> bool:
    """Return whether a name is a URL: "c://" is none, as drives have one letter."""
    return bool(_URL.match(name))


def local_path(name: str) -> str:
    """Return the path that a ``file://`` or ``local://`` URL names, and any other name as it is."""
    scheme, rest = _split(name)
    if scheme not in _LOCAL:
        return name
    from urllib.parse import unquote  # slow to import, seldom needed

    host, slash, path = rest.partition("/")
    if host.lower() not in {"", "localhost"} or not slash:
        fault = f"a URL of a local file has three slashes, as in {scheme}:///home/me/a.png"
        raise FileError(Exit.USAGE, name, fault)
    path = slash + unquote(path, errors="surrogateescape")
    return path[1:] if os.name == "nt" and path[2:3] == ":" else path


def shown(name: str) -> str:
    """Return a name, or a text with URLs in it, without the passwords and signatures of URLs."""
    return _QUERY.sub("?***", _PASSWORD.sub("***@", name)) if "://" in name else name


def join(root: str, relative: str) -> str:
    """Return the path or URL of what is below a root, by its path from there, with slashes.

    Raises:
        FileError: that path leads out of the root, or says what a store may take for another.
    """
    root = local_path(root)
    parts = relative.split("/")
    is_path = not is_url(root)
    if _NO_NAMES.intersection(parts) or (is_path and any(PurePath(p).name != p for p in parts)):
        raise FileError(Exit.REFUSED, relative, f"names no file below {shown(root)}")
    if is_path:
        return os.path.join(root, *parts)  # noqa: PTH118  (a root may begin with "./")
    scheme, rest = _split(root)
    return f"{scheme}://{'/'.join(filter(None, (rest.rstrip('/'), relative)))}"


def open_url(name: str) -> IO[bytes]:
    """Read the picture that a URL names into a seekable stream."""
    with _explained(name):
        store, path = _find(name)
        with store.open(path, "rb") as file:
            return read_stream(file, shown(name), may_be_picture)


def write_url(name: str, pieces: Iterable[bytes | bytearray]) -> int:
    """Write the file that a URL names, and return its size.

    The store is handed all of it at once: one of objects has the old or the complete new one.
    """
    data = b"".join(pieces)
    with _explained(name):
        store, path = _find(name)
        try:
            store.pipe_file(path, data)
        except FileNotFoundError:
            _make_parents(store, path)
            store.pipe_file(path, data)
    return len(data)


def stat_url(name: str) -> Stat | None:
    """Return what a store tells of the file that a URL names; None if there is no such file."""
    with _explained(name):
        store, path = _find(name)
        try:
            info = store.info(path)
        except FileNotFoundError as error:
            if _is_missing(error):
                return None
            raise
    return None if info["type"] == "directory" else _stat(info)


def _raise(error: FileError) -> NoReturn:
    raise error


def walk_url(
    root: str, on_error: Callable[[FileError], None] = _raise
) -> Iterator[tuple[str, Stat]]:
    """List the files below a URL: their paths from there, for ``join``, and what the store tells.

    One directory is listed after the other: its files by name, and then its directories.

    Args:
        root: URL of a directory.
        on_error: told of each directory in it that cannot be listed, and each name in it that
            ``join`` refuses, which are left out.

    Raises:
        FileError: the root cannot be listed.
    """
    waiting = [""]
    while waiting:
        folder = waiting.pop()
        try:
            entries = _list(join(root, folder[:-1]) if folder else root)
        except FileError as error:
            (on_error if folder else _raise)(error)
            continue
        folders = []
        for name, info in entries:
            try:
                join(root, folder + name)
            except FileError as error:
                on_error(error)
                continue
            if info["type"] == "directory":
                folders.append(f"{folder}{name}/")
            else:
                yield folder + name, _stat(info)
        waiting += reversed(folders)


def _list(url: str) -> list[tuple[str, dict[str, Any]]]:
    """List what is in a directory: names, in their order, and what the store tells of each."""
    with _explained(url):
        store, path = _find(url)
        path = path.rstrip("/")
        infos = store.ls(path, detail=True)
        store.invalidate_cache(path)  # or it were kept, and believed, until this process ends
        if [(info["name"], info["type"]) for info in infos] == [(path, "file")]:
            raise FileError(Exit.FAILED, shown(url), "is a file, not a directory")
    # What S3's own console makes a folder of is an empty file with a slash at the end.
    return sorted(
        (
            (info["name"].removeprefix(f"{path}/").removesuffix("/"), info)
            for info in infos
            if info["type"] == "directory" or info.get("size") or not info["name"].endswith("/")
        ),
        key=lambda entry: entry[0],
    )


def _split(name: str) -> tuple[str, str]:
    """Return the scheme of a URL and what is after its slashes; no scheme if it is none."""
    match = _URL.match(name)
    return (match["scheme"].lower(), match["rest"]) if match else ("", name)


def _find(name: str) -> tuple[Store, str]:
    """Return the store of a URL, and the path there.

    The "::" with which fsspec chains stores stays in the path, as a name in a store may have it.
    """
    scheme, rest = _split(name)
    if scheme in _LOCAL:
        raise ValueError("local_path returns the path of a local file")
    try:
        import fsspec
    except ImportError:
        fault = "URLs take fsspec: pip install 'kmcodec[cluster]'"
        raise FileError(Exit.FAILED, shown(name), fault) from None
    try:
        kind = fsspec.get_filesystem_class(scheme)
    except ValueError:
        raise FileError(Exit.USAGE, shown(name), f"{scheme}:// is of no known store") from None
    url = f"{scheme}://{rest}"
    try:
        return kind(**kind._get_kwargs_from_urls(url)), kind._strip_protocol(url)
    except TypeError:  # what is within another file, or keeps copies
        raise FileError(Exit.USAGE, shown(name), f"{scheme}:// names no store by itself") from None


def _make_parents(store: Store, path: str) -> None:
    """Make the directories above a file, but not the first, which is a bucket or a disk."""
    parents = [path[: match.start()] for match in re.finditer("(?<=[^/])/", path)]
    for parent in parents[1:]:
        with suppress(Exception):  # there already, or writing the file will tell why not
            store.mkdir(parent, create_parents=False)


def _stat(info: dict[str, Any]) -> Stat:
    """Return what there is in one of fsspec's descriptions of a file, whose keys stores choose."""
    modified = next((_seconds(info[key]) for key in _TIMES if info.get(key)), None)
    tag = next((info[key] for key in _TAGS if info.get(key)), None)
    return Stat(info.get("size"), tag or modified, modified)


def _seconds(time: object) -> float | None:
    """Return the seconds since 1970 of a time as any store tells it."""
    from datetime import UTC, datetime  # these two only where there are stores
    from email.utils import parsedate_to_datetime

    if isinstance(time, str):
        try:
            time = datetime.fromisoformat(time)
        except ValueError:
            with suppress(ValueError):
                time = parsedate_to_datetime(str(time))
    if isinstance(time, datetime):
        return (time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp()
    return float(time) if isinstance(time, (int, float)) else None


@contextmanager
def _explained(name: str) -> Iterator[None]:
    """Turn any error of a store's into what to tell the user."""
    try:
        yield
    except FileError:
        raise
    except MemoryError as error:
        raise explain(error, shown(name)) from error
    except Exception as error:  # stores raise many kinds
        raise FileError(Exit.FAILED, shown(name), _fault(error, name)) from error


def _fault(error: BaseException, name: str) -> str:
    """Say in one line what a store's error says."""
    if isinstance(error, FileNotFoundError):
        if not _is_missing(error):
            return _fault(error.__cause__ or error, name)
        if not str(error) or name.endswith(str(error).lstrip("/")):
            return os.strerror(ENOENT)
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return shorten(shown(text), _MOST_LETTERS)


def _is_missing(error: FileNotFoundError) -> bool:
    """Return whether there is no such file: of HTTP, fsspec says that of any fault."""
    cause = error.__cause__
    if cause is None or hasattr(cause, "response"):
        return True
    return getattr(cause, "status", None) in _GONE


def size_of(name: str) -> int | None:
    """Return the size of a file by its path or URL; None if it is not there."""
    if is_url(name):
        known = stat_url(name)
        return known.size if known else None
    try:
        return os.stat(name).st_size  # noqa: PTH116  (which takes any name)
    except OSError:
        return None
