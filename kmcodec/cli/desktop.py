"""Put what other programs are to know of .kmq files where they look for it, or take it away."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType
from typing import Final, NamedTuple

from kmcodec.atomic import atomic_file
from kmcodec.conversion.faults import Exit, FileError, escape, explain

from .desktop_files import delegates, magic, mime_type, thumbnailer

_SEAL: Final = "put here by kmq-convert, sha256"  # a comment of XML may not have "--"
_UPDATE: Final = "update-mime-database"
_HARD: Final = frozenset("\"'$`\\&;<>|")
"""What ImageMagick changes in a delegate's command, however it is quoted, or leaves to a shell."""
_SEEN: Final = "/usr"  # all that GNOME's thumbnailers see of the disk, beside the picture


class Place(NamedTuple):
    """A file of a user's.

    Attributes:
        path: of it.
        text: what it is to say.
        comment: how a comment is written in it.
    """

    path: Path
    text: str
    comment: str

    @property
    def content(self) -> bytes:
        """The file, sealed, so that it can be told from one that anybody has changed."""
        return seal(self.text, self.comment)

    @property
    def is_ours(self) -> bool:
        """Whether the file is one that was put here, and is as it was then."""
        if not self.path.is_file():
            return False
        data = self.path.read_bytes()
        *lines, _ = data.decode(errors="replace").splitlines(keepends=True) or [""]
        return seal("".join(lines), self.comment) == data

    @property
    def is_others(self) -> bool:
        """Whether there is anything that was not put here."""
        return os.path.lexists(self.path) and not self.is_ours


def install() -> int:
    """Put the files in place; return the exit code.

    Raises:
        FileError: one cannot be written.
    """
    command = find_command()
    code = Exit.OK
    for place in find_places(command):
        name = escape(str(place.path))
        with _explained(place.path):
            if place.is_others:
                print(f"{name} is your own, and stays as it is; add what it lacks of this:\n")
                print(place.text)
                code = Exit.REFUSED
                continue
            place.path.parent.mkdir(parents=True, exist_ok=True)
            with atomic_file(place.path) as file:
                file.write(place.content)
            print(f"{name} is in place")
    update_types()
    if sys.platform == "linux" and not command.startswith(f"{_SEEN}/"):
        print(f"GNOME makes thumbnails only with commands below {_SEEN}, so not with {command}")
    return code


def remove() -> int:
    """Take away what ``install`` has put in place; return the exit code.

    Raises:
        FileError: one cannot be removed.
    """
    for place in find_places(""):
        name = escape(str(place.path))
        with _explained(place.path):
            if place.is_ours:
                place.path.unlink()
                print(f"{name} is removed")
            elif place.is_others:
                print(f"{name} is your own, and stays as it is")
    update_types()
    return Exit.OK


WORK: Final[Mapping[str, Callable[[], int]]] = MappingProxyType(
    {"install": install, "remove": remove}
)


def find_command() -> str:
    """Return the absolute path of the command that runs.

    Raises:
        FileError: it is none that files can name.
    """
    path = os.path.abspath(sys.argv[0])  # noqa: PTH100
    if sys.platform == "win32":
        raise FileError(Exit.FAILED, path, "there is no such desktop on Windows")
    if not os.access(path, os.X_OK) or not path.isprintable() or _HARD.intersection(path):
        raise FileError(Exit.FAILED, path, "is no name by which other programs can run a command")
    return path


def find_places(command: str) -> Iterator[Place]:
    """Yield the files, where the XDG base directory specification, file(1) and ImageMagick look."""
    data, config = find_home("XDG_DATA_HOME"), find_home("XDG_CONFIG_HOME")
    hash_sign, xml = "# {}", "<!-- {} -->"
    yield Place(data / "mime/packages/kmq.xml", mime_type(), xml)
    yield Place(data / "thumbnailers/kmq.thumbnailer", thumbnailer(command), hash_sign)
    yield Place(find_home() / ".magic", magic(), hash_sign)
    yield Place(config / "ImageMagick/delegates.xml", delegates(command), xml)


def find_home(variable: str = "") -> Path:
    """Return the user's directory, or the one in it that a variable of XDG names, if absolute.

    Raises:
        FileError: the user has none.
    """
    given = os.environ.get(variable, "")
    if os.path.isabs(given):  # noqa: PTH117
        return Path(given)
    try:
        return Path.home() / _DEFAULTS.get(variable, "")
    except RuntimeError as error:
        raise FileError(Exit.FAILED, "~", str(error)) from error


_DEFAULTS: Final = MappingProxyType({"XDG_DATA_HOME": ".local/share", "XDG_CONFIG_HOME": ".config"})


def update_types() -> None:
    """Let desktops know what has become of the types of files.

    Raises:
        FileError: that fails.
    """
    folder = find_home("XDG_DATA_HOME") / "mime"
    tool = shutil.which(_UPDATE)
    with _explained(folder):
        if not (folder / "packages").is_dir():
            return
        if tool is None:
            print(f"{_UPDATE} is missing (of shared-mime-info), so desktops see no change yet")
            return
        result = subprocess.run([tool, folder], capture_output=True, check=False)
    if result.returncode:
        fault = result.stderr.decode(errors="replace").strip() or f"exit code {result.returncode}"
        raise FileError(Exit.FAILED, tool, fault)


def seal(text: str, comment: str) -> bytes:
    """Return a text with a comment by which it is known, as long as nobody changes it."""
    digest = sha256(text.encode(errors="replace")).hexdigest()
    return f"{text}{comment.format(f'{_SEAL} {digest}')}\n".encode(errors="replace")


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Tell what cannot be read or written by its name."""
    try:
        yield
    except OSError as error:
        raise explain(error, str(path)) from error
