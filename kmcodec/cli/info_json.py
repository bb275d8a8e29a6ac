"""Describe .kmq files for programs.

``--json`` writes an array of one object a file, in the order of the command line::

    schema_version  2; another number if the meaning of a key changes
    file            the name as given, or found in a tree; without the passwords of a URL
    error           null, or {type, code, message, field, offset}; the keys below are then missing.
                    type is that of the exception, code what the command exits with
    file_bytes      size of the file
    header          {magic, version, coding, mode, flags, width, height, color_count, band_rows};
                    magic in hexadecimal, coding and mode by name, flags an array of names
    sections        array of {name, offset, size}: the file up to its bands or frames, without gaps
    band_bytes      array of the bytes of each band's payload; its length and checksum, 8 bytes,
                    are around it. Empty if there are frames
    frames          null of a still picture, or {count, loop, ticks_per_second, key_interval, runs,
                    bytes}; loop is how often all are shown, 0 for ever, runs an array of [ticks,
                    frames], of successive frames of one duration, bytes an array of those of each
                    frame, checksums included
    metadata        {name: bytes}
    palette         array of "#rrggbb" or "#rrggbbaa", in index order
    bits            {header, metadata, palette, frames, indices, row_padding, lengths, checksums,
                    file, raw}: those before file add up to it; raw is 24 a pixel. palette and
                    indices are as they are stored, coded or not; frames are what the head tells of
                    them; lengths are of palette and bands
    checked         whether --check verified every checksum and index
"""

from typing import Any, Final

from kmcodec.conversion.faults import FileError
from kmcodec.conversion.places import shown
from kmcodec.errors import KmqError
from kmcodec.files import Info
from kmcodec.format import MAGIC, VERSION, Flags
from kmcodec.images.pixels import color_palette

SCHEMA_VERSION: Final = 2


def json_object(name: str, facts: Info, checked: bool) -> dict[str, Any]:
    """Describe a file as the module's docstring tells."""
    header = facts.header
    return {
        "schema_version": SCHEMA_VERSION,
        "file": shown(name),
        "error": None,
        "file_bytes": facts.file_bytes,
        "header": {
            "magic": MAGIC.hex(),
            "version": VERSION,
            "coding": header.coding.name.lower(),
            "mode": header.mode.name,
            "flags": flag_names(facts),
            "width": header.width,
            "height": header.height,
            "color_count": header.color_count,
            "band_rows": header.band_rows,
        },
        "sections": [section._asdict() for section in facts.sections.head],
        "band_bytes": [section.size for section in facts.sections if section.name == "payload"],
        "frames": frames(facts),
        "metadata": {name: len(payload) for name, payload in facts.metadata.items()},
        "palette": colors(facts),
        "bits": facts.bits,
        "checked": checked,
    }


def frames(facts: Info) -> dict[str, Any] | None:
    """Describe the frames."""
    animation = facts.animation
    if not animation:
        return None
    return {
        "count": animation.frame_count,
        "loop": animation.loop,
        "ticks_per_second": animation.ticks_per_second,
        "key_interval": animation.key_interval,
        "runs": list(animation.runs),
        "bytes": list(facts.frame_bytes),
    }


def json_error(name: str, error: Exception, fault: FileError) -> dict[str, Any]:
    """Describe a file that cannot be shown: the error, and what is told of it."""
    return {
        "schema_version": SCHEMA_VERSION,
        "file": shown(name),
        "error": {
            "type": type(error).__name__,
            "code": int(fault.code),
            "message": str(fault),
            "field": error.field if isinstance(error, KmqError) else None,
            "offset": error.offset if isinstance(error, KmqError) else None,
        },
    }


def flag_names(facts: Info) -> list[str]:
    """Return the names of the flags that are set."""
    return [name for name, flag in Flags.__members__.items() if flag in facts.header.flags]


def colors(facts: Info) -> list[str]:
    """Return the palette, each color as #rrggbb, or #rrggbbaa if it has alpha."""
    return [f"#{bytes(entry).hex()}" for entry in color_palette(facts.palette)]
