"""Describe .kmq files in lines of text, down to every bit."""

import argparse
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Final

from kmcodec.coding.layout import Frames
from kmcodec.coding.metadata import decode_text, pillow_info
from kmcodec.conversion.faults import escape, plural
from kmcodec.conversion.places import shown
from kmcodec.files import Info
from kmcodec.format import FIELDS, MAGIC, VERSION, Coding, Flags

from .info_json import colors, flag_names

SHOWN: Final = 16  # colors of the palette, bands, indices of row 0, bytes of binary metadata
SHOWN_TEXT: Final = 200  # characters of a metadata text


def text_lines(
    name: str, facts: Info, source: Path | bytes, args: argparse.Namespace
) -> Iterator[str]:
    """Yield the lines that are printed of a file."""
    yield f"{escape(shown(name))}: {summary(facts)}{', OK' if args.check else ''}"
    if args.verbose:
        yield from field_lines(facts)
        yield from section_lines(facts)
        yield from frame_lines(facts)
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
        *frames_and_seconds(facts),
        plural(header.color_count, "color"),
        bits_an_index(facts),
        header.coding.name.lower(),
        f"{facts.file_bytes:,} bytes",
        f"{ratio:.1f} % of 24 bits a pixel",
        *facts.metadata,
    )
    return ", ".join(parts)


def frames_and_seconds(facts: Info) -> tuple[str, ...]:
    """Tell how many frames there are, and how long they take."""
    if not facts.animation:
        return ()
    seconds = float(facts.animation.total / 1000)
    return plural(facts.animation.frame_count, "frame"), f"{seconds:,.3f} s"


def bits_an_index(facts: Info) -> str:
    """Tell the width of packed indices, or the mean of modelled ones."""
    header = facts.header
    if header.coding == Coding.PACKED:
        return f"{plural(header.bits, 'bit')} an index"
    return f"{24 * facts.bits['indices'] / facts.bits['raw']:.3f} bits an index"


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


def section_lines(facts: Info) -> Iterator[str]:
    """Yield a line for every section of the file, but of many bands for the first only."""
    yield f"  {'offset':>10}  {'bytes':>10}  section"
    sections, parts = facts.sections, facts.sections.parts
    more = max(0, len(parts) - SHOWN)
    each = (len(sections) - len(sections.head)) // len(parts)
    for section in sections[: len(sections) - each * more]:
        yield f"  {section.offset:>10,}  {section.size:>10,}  {section.name}"
    if more:
        offset = sections[len(sections) - each * more].offset
        rest = plural(more, "frame" if facts.animation else "band")
        yield f"  {offset:>10,}  {facts.file_bytes - offset:>10,}  {rest} more"


def frame_lines(facts: Info) -> Iterator[str]:
    """Yield what is told of frames: how they are timed, and how many bytes they take."""
    animation = facts.animation
    if not animation:
        return
    frames, seconds = frames_and_seconds(facts)
    shown = plural(animation.loop, "time") if animation.loop else "for ever"
    yield f"  {frames} in {seconds}, shown {shown}, {animation.ticks_per_second:,} ticks a second"
    runs = [
        f"{count:,} x {milliseconds(Fraction(1000 * ticks, animation.ticks_per_second))}"
        for ticks, count in animation.runs[:SHOWN]
    ]
    more = len(animation.runs) - SHOWN
    rest = f" ... and {more:,} more" if more > 0 else ""
    yield f"  durations: {', '.join(runs)}{rest}"
    keys = facts.frame_bytes[:: animation.key_interval]
    every = f", every {animation.key_interval:,}" if len(keys) > 1 else ""
    yield f"  {plural(len(keys), 'key frame')}{every}: {bytes_of(keys)}"
    yield f"  all frames: {bytes_of(facts.frame_bytes)}"


def bytes_of(sizes: Sequence[int]) -> str:
    """Sum up the sizes of frames."""
    mean = sum(sizes) / len(sizes)
    return f"smallest {min(sizes):,}, mean {mean:,.1f}, largest {max(sizes):,} bytes"


def milliseconds(duration: Fraction) -> str:
    """Tell a duration exactly."""
    shown = f"{float(duration):.10g}"
    return f"{shown if Fraction(shown) == duration else duration} ms"


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


def palette_line(facts: Info) -> str:
    """Show the first colors of the palette in one line."""
    more = facts.header.color_count - SHOWN
    rest = f" ... and {more:,} more, see --palette" if more > 0 else ""
    return f"  palette: {' '.join(colors(facts)[:SHOWN])}{rest}"


def first_indices(facts: Info, source: Path | bytes) -> str:
    """Show the first packed indices of row 0, bit by bit."""
    from bitarray import bitarray  # for these bits alone

    bits = facts.header.bits
    if not bits:
        return "  row 0: 0 bits an index, all pixels have color 0"
    count = min(SHOWN, facts.header.width)
    parts = facts.sections.parts
    offset = (parts[0][0] if isinstance(parts, Frames) else parts[0]).offset
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
    entry_bits, pixels = 8 * header.mode.channels, bits["raw"] // 24
    frames = f"{facts.animation.frame_count:,} x " if facts.animation else ""
    table = f"frames {bits['frames']:,}, " if facts.animation else ""
    yield (
        f"  header {bits['header']} bits, {metadata}palette {header.color_count:,} x {entry_bits}"
        f" = {header.color_count * entry_bits:,}{coded}, {table}indices {frames}{header.width:,} x "
        f"{header.height:,} x {header.bits} = {pixels * header.bits:,}{modelled}, "
        f"{padding}lengths {bits['lengths']:,}, checksums {bits['checksums']:,}; "
        f"file {bits['file']:,} bits"
    )
    both = bits["palette"] + bits["indices"] + bits["row_padding"]
    yield (
        f"  palette + indices{' + row padding' if padding else ''} = {both:,} bits "
        f"of {bits['raw']:,} at 24 bits a pixel ({100 * both / bits['raw']:.1f} %)"
    )
