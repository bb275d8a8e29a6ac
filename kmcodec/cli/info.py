"""Show what is in .kmq files, down to every bit: the command ``kmq-info``.

``--json`` writes an array of one object a file, in the order of the command line::

    schema_version  2; another number if the meaning of a key changes
    file            the name as given
    error           null, or {type, message, field, offset}; the keys below are then missing
    file_bytes      size of the file
    header          {magic, version, coding, mode, flags, width, height, color_count, band_rows};
                    magic in hexadecimal, coding and mode by name, flags an array of names
    sections        array of {name, offset, size}: the file up to its bands, without gaps
    band_bytes      array of the bytes of each band's payload; its length and checksum, 8 bytes,
                    are around it
    metadata        {name: bytes}
    palette         array of "#rrggbb" or "#rrggbbaa", in index order
    bits            {header, metadata, palette, indices, row_padding, lengths, checksums, file,
                    raw}: those before file add up to it; raw is 24 a pixel. palette and indices
                    are as they are stored, coded or not; lengths are of palette and bands
    checked         whether --check verified every checksum and index
"""

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from bitarray import bitarray

from kmcodec.coding.metadata import decode_text, pillow_info
from kmcodec.errors import KmqError
from kmcodec.files import Info, info
from kmcodec.format import FIELDS, MAGIC, MAX_PIXELS, VERSION, Coding, Flags
from kmcodec.pixels import color_palette

from . import (
    EXIT_CODES,
    Exit,
    add_common_options,
    escape,
    explain,
    opened,
    plural,
    run,
    tell,
)
from .reading import find_source

COMMAND: Final = "kmq-info"
SCHEMA_VERSION: Final = 2
SHOWN: Final = 16  # colors of the palette, bands, indices of row 0, bytes of binary metadata
SHOWN_TEXT: Final = 200  # characters of a metadata text
EXAMPLES: Final = """\
examples:
  kmq-info *.kmq           one line a file: size, mode, colors, bits, ratio, metadata
  kmq-info -v a.kmq        every header field, section and the arithmetic of bits
  kmq-info --check *.kmq   verify every checksum and index
  kmq-info --json a.kmq    the same facts for programs
  kmq-info - < a.kmq       from a pipe

Show what is in .kmq files. Only head and band lengths are read, unless --check is given.
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Show all files, and return the worst exit code of any."""
    parser = argparse.ArgumentParser(
        prog=COMMAND,
        description=EXAMPLES,
        epilog=EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("files", metavar="FILE", nargs="+", help="a .kmq file; - for standard input")
    add("-v", "--verbose", action="store_true", help="all fields, sections, metadata, first bits")
    add("--palette", action="store_true", help="list all colors")
    add("--check", action="store_true", help="verify every checksum and index")
    add(
        "--max-pixels",
        type=count,
        default=MAX_PIXELS,
        metavar="N",
        help="most pixels that a file may have to be checked, %(default)s by default",
    )
    add("--json", action="store_true", help="an array of objects, see kmcodec.cli.info")
    add_common_options(parser, "errors only")
    args = parser.parse_args(argv)
    return run(COMMAND, lambda: show_files(args))


def count(text: str) -> int:
    """Return the number of pixels of an argument."""
    number = int(text)
    if number < 0:
        raise ValueError
    return number


def show_files(args: argparse.Namespace) -> int:
    """Show each file; name a bad one, and go on with the others."""
    worst = Exit.OK
    objects = []
    if args.json or not args.quiet:
        opened(sys.stdout)
    for name in args.files:
        try:
            source = find_source(name)
            facts = info(source, check=args.check, max_pixels=args.max_pixels)
            lines = [] if args.json or args.quiet else list(text_lines(name, facts, source, args))
        except (OSError, ValueError, MemoryError) as error:
            fault = explain(error, name)
            tell(COMMAND, fault.name, str(fault))
            worst = max(worst, fault.code)
            objects.append(json_error(name, error))
            continue
        if args.json:
            objects.append(json_object(name, facts, args.check))
        for line in lines:
            print(line)
    if args.json:
        json.dump(objects, sys.stdout, indent=2)
        print()
    return worst


def text_lines(
    name: str, facts: Info, source: Path | bytes, args: argparse.Namespace
) -> Iterator[str]:
    """Yield the lines that are printed of a file."""
    yield f"{escape(name)}: {summary(facts)}{', OK' if args.check else ''}"
    if args.verbose:
        yield from field_lines(facts)
        yield from section_lines(facts)
        yield from metadata_lines(facts)
        if not args.palette:
            yield palette_line(facts)
        if facts.header.coding == Coding.PACKED:
            yield first_indices(facts, source)
        yield from bits_lines(facts)
    if args.palette:
        yield from (f"{index} {color}" for index, color in enumerate(colors(facts)))


def summary(facts: Info) -> str:
    """Sum up the file in one line."""
    header = facts.header
    ratio = 100 * facts.bits["file"] / facts.bits["raw"]
    parts = (
        f"KMQ v{VERSION} {header.width}x{header.height} {header.mode.title}",
        plural(header.color_count, "color"),
        bits_an_index(facts),
        header.coding.name.lower(),
        f"{facts.file_bytes:,} bytes",
        f"{ratio:.1f} % of 24 bits a pixel",
        *facts.metadata,
    )
    return ", ".join(parts)


def bits_an_index(facts: Info) -> str:
    """Tell the width of packed indices, or the mean of modelled ones."""
    header = facts.header
    if header.coding == Coding.PACKED:
        return f"{plural(header.bits, 'bit')} an index"
    return f"{facts.bits['indices'] / (header.width * header.height):.3f} bits an index"


def field_lines(facts: Info) -> Iterator[str]:
    """Yield a line for every header field: where it is, its bytes and what they mean."""
    yield f"  {'offset':>6}  {'raw bytes':<11}  {'field':<11}  {'value':<24}  spec"
    raw = facts.header.pack()
    for field in FIELDS:
        data = raw[field.offset : field.offset + field.size].hex(" ")
        value = field_value(facts, field.name)
        yield f"  {field.offset:>6}  {data:<11}  {field.name:<11}  {value:<24}  {field.section}"


def field_value(facts: Info, name: str) -> str:
    """Tell the meaning of a header field."""
    if name == "magic":
        return ascii(MAGIC.decode("latin-1"))[1:-1]
    if name == "version":
        return str(VERSION)
    value = getattr(facts.header, name)
    if name == "flags":
        return " ".join(flag_names(facts)) or "none"
    if name == "mode":
        return facts.header.mode.title
    return f"{value:,}" if type(value) is int else value.name


def flag_names(facts: Info) -> list[str]:
    """Return the names of the flags that are set."""
    return [str(flag.name) for flag in Flags if flag in facts.header.flags]


def section_lines(facts: Info) -> Iterator[str]:
    """Yield a line for every section of the file, but of many bands for the first only."""
    yield f"  {'offset':>10}  {'bytes':>10}  section"
    more = max(0, facts.header.band_count - SHOWN)
    shown = len(facts.sections) - 3 * more
    for section in facts.sections[:shown]:
        yield f"  {section.offset:>10,}  {section.size:>10,}  {section.name}"
    if more:
        offset = facts.sections[shown].offset
        yield f"  {offset:>10,}  {facts.file_bytes - offset:>10,}  {plural(more, 'band')} more"


def metadata_lines(facts: Info) -> Iterator[str]:
    """Yield a line for every metadata section: text and dpi by value, others by first bytes."""
    for name, payload in facts.metadata.items():
        if name in {"comment", "xmp"}:
            text = decode_text(payload)
            cut = " ..." if len(text) > SHOWN_TEXT else ""
            value = f'"{escape(text[:SHOWN_TEXT])}"{cut}'
        elif name == "dpi":
            value = "{:g} x {:g}".format(*pillow_info({name: payload})[name])
        else:
            value = payload[:SHOWN].hex(" ") + (" ..." if len(payload) > SHOWN else "")
        yield f"  {name}, {plural(len(payload), 'byte')}: {value}"


def colors(facts: Info) -> list[str]:
    """Return the palette, each color as #rrggbb, or #rrggbbaa if it has alpha."""
    return [f"#{bytes(entry).hex()}" for entry in color_palette(facts.palette)]


def palette_line(facts: Info) -> str:
    """Show the first colors of the palette in one line."""
    more = facts.header.color_count - SHOWN
    rest = f" ... and {more:,} more, see --palette" if more > 0 else ""
    return f"  palette: {' '.join(colors(facts)[:SHOWN])}{rest}"


def first_indices(facts: Info, source: Path | bytes) -> str:
    """Show the first packed indices of row 0, bit by bit."""
    bits = facts.header.bits
    if not bits:
        return "  row 0: 0 bits an index, all pixels have color 0"
    count = min(SHOWN, facts.header.width)
    offset = next(section.offset for section in facts.sections if section.name == "payload")
    row = bitarray(endian="big")
    row.frombytes(read_at(source, offset, -(-count * bits // 8)))
    rest = " ..." if count < facts.header.width else ""
    return f"  row 0: {row[: count * bits].to01(group=bits, sep=' ')}{rest}"


def read_at(source: Path | bytes, offset: int, size: int) -> bytes:
    """Read some bytes of a file from an offset on."""
    if isinstance(source, bytes):
        return source[offset : offset + size]
    with source.open("rb") as file:
        file.seek(offset)
        return file.read(size)


def bits_lines(facts: Info) -> Iterator[str]:
    """Yield the arithmetic: each part, and palette and indices against 24 bits a pixel."""
    header, bits = facts.header, facts.bits
    metadata = f"metadata {bits['metadata']:,}, " if bits["metadata"] else ""
    padding = f"row padding {bits['row_padding']:,}, " if bits["row_padding"] else ""
    coded = "" if header.flags & Flags.CODED_PALETTE == 0 else f" -> {bits['palette']:,}"
    modelled = "" if header.coding == Coding.PACKED else f" -> {bits['indices']:,}"
    entry_bits, pixels = 8 * header.mode.channels, header.width * header.height
    yield (
        f"  header {bits['header']} bits, {metadata}palette {header.color_count:,} x {entry_bits}"
        f" = {header.color_count * entry_bits:,}{coded}, indices {header.width:,} x "
        f"{header.height:,} x {header.bits} = {pixels * header.bits:,}{modelled}, "
        f"{padding}lengths {bits['lengths']:,}, checksums {bits['checksums']:,}; "
        f"file {bits['file']:,} bits"
    )
    both = bits["palette"] + bits["indices"] + bits["row_padding"]
    yield (
        f"  palette + indices{' + row padding' if padding else ''} = {both:,} bits "
        f"of {bits['raw']:,} at 24 bits a pixel ({100 * both / bits['raw']:.1f} %)"
    )


def json_object(name: str, facts: Info, checked: bool) -> dict[str, Any]:
    """Describe a file as the module's docstring tells."""
    header = facts.header
    head = facts.sections[: -3 * header.band_count]
    return {
        "schema_version": SCHEMA_VERSION,
        "file": name,
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
        "sections": [section._asdict() for section in head],
        "band_bytes": [section.size for section in facts.sections if section.name == "payload"],
        "metadata": {name: len(payload) for name, payload in facts.metadata.items()},
        "palette": colors(facts),
        "bits": facts.bits,
        "checked": checked,
    }


def json_error(name: str, error: Exception) -> dict[str, Any]:
    """Describe a file that cannot be shown."""
    return {
        "schema_version": SCHEMA_VERSION,
        "file": name,
        "error": {
            "type": type(error).__name__,
            "message": str(error),
            "field": error.field if isinstance(error, KmqError) else None,
            "offset": error.offset if isinstance(error, KmqError) else None,
        },
    }
