"""Write what other programs are to know of .kmq files, by the constants of the format.

``tools/kmq-docs`` puts these files into ``share`` for a wheel, and ``desktop`` at home for a user.
"""

import shlex
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final
from xml.sax.saxutils import quoteattr

from kmcodec.format import EXTENSION, FORMAT, MAGIC, MAX_COLORS, MIME_TYPE, VERSION, Coding, Mode

COMMAND: Final = "kmq-convert"


def mime_type(_command: str = COMMAND) -> str:
    """Return the entry of shared-mime-info, by which desktops tell the type of files."""
    return f"""\
<?xml version="1.0" encoding="UTF-8"?>
<mime-info xmlns="http://www.freedesktop.org/standards/shared-mime-info">
  <mime-type type="{MIME_TYPE}">
    <comment>{FORMAT} image</comment>
    <magic>
      <match type="string" offset="0" value="{_escaped_magic()}"/>
    </magic>
    <glob pattern="*{EXTENSION}"/>
  </mime-type>
</mime-info>
"""


def thumbnailer(command: str = COMMAND) -> str:
    """Return the entry by which file managers make thumbnails.

    They split the line first, as a shell would, and then put names of files into its words.
    """
    return f"""\
[Thumbnailer Entry]
TryExec={command}
Exec={shlex.quote(command).replace("%", "%%")} -q -f --strip --to png --thumbnail %s -o %o -- %i
MimeType={MIME_TYPE};
"""


def magic(_command: str = COMMAND) -> str:
    """Return the rule of file(1): version, coding, mode, size, colors."""
    codings = (f">>5\tubyte\t{value}\t\\b, {value.name.lower()}" for value in Coding)
    modes = (f">>6\tubyte\t{value}\t\\b, {value.title}" for value in Mode)
    return "\n".join(
        [
            f"# {FORMAT} images, of which spec/kmq.md describes the header in section 3",
            f"0\tstring\t{_escaped_magic()}\t{FORMAT} image data",
            f"!:mime\t{MIME_TYPE}",
            f"!:ext\t{EXTENSION.removeprefix('.')}",
            ">4\tubyte\tx\t\\b, version %u",
            f">4\tubyte\t{VERSION}",
            *codings,
            ">>7\tubyte&0x0c\t0x0c\t\\b, animated",
            *modes,
            ">>8\tulelong\tx\t\\b, %u x",
            ">>12\tulelong\tx\t%u",
            ">>16\tuleshort\t0\t\\b, 1 color",
            # One more than the largest number of two bytes would be 0.
            f">>16\tuleshort\t{MAX_COLORS - 1}\t\\b, {MAX_COLORS} colors",
            ">>16\tuleshort\t>0",
            f">>>16\tuleshort\t<{MAX_COLORS - 1}",
            ">>>>16\tuleshort+1\tx\t\\b, %u colors",
            "",
        ]
    )


def delegates(command: str = COMMAND) -> str:
    """Return how ImageMagick reads and writes .kmq files, of several frames the first.

    Names of files do not get there, but names of its own making, which are links to them.
    """
    name = EXTENSION.removeprefix(".")
    quoted = '"{}"'.format(command.replace("%", "%%"))
    read, write = (
        quoteattr(f'{quoted} -f --to {to} -o "%o" -- "%i"', {'"': "&quot;"})
        for to in ("png --frames :1", name)
    )
    return f"""\
<?xml version="1.0" encoding="UTF-8"?>
<delegatemap>
  <delegate decode="{name}" command={read}/>
  <delegate decode="png" encode="{name}" command={write}/>
</delegatemap>
"""


FILES: Final[Mapping[str, Callable[[str], str]]] = MappingProxyType(
    {
        "mime/packages/kmq.xml": mime_type,
        "thumbnailers/kmq.thumbnailer": thumbnailer,
        "kmcodec/magic": magic,
        "kmcodec/delegates.xml": delegates,
    }
)
"""Who writes each, for a command, by its place in ``share``."""


def _escaped_magic() -> str:
    """Return the magic as text in which bytes beyond ASCII are escaped."""
    return "".join(chr(b) if chr(b).isalnum() and b < 128 else f"\\x{b:02x}" for b in MAGIC)
