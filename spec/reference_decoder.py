"""A decoder of .kmq files to be read beside ``kmq.md``: slow, complete, in the order of the text.

Sentences in quotation marks are quoted from the specification; numbers are its sections.
Nothing but the standard library is used, and no code is shared with the kmcodec package.

    python spec/reference_decoder.py in.kmq out.pam
"""

import math
import re
import struct
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

# Section 8.1: errors by class


class KmqError(Exception):
    """The base of all decoding errors; ``field`` is the field at fault, as the text spells it."""

    def __init__(self, field: str, fault: str) -> None:
        super().__init__(f"{field}: {fault}")
        self.field = field


class SignatureError(KmqError):
    """The data is not a .kmq file at all."""


class UnsupportedError(KmqError):
    """A version, coding, mode or flag that this document does not define."""


class TruncatedError(KmqError):
    """The data ends before the file does."""


class FormatError(KmqError):
    """Any other rule of this document is broken."""


class ChecksumError(FormatError):
    """A stored checksum differs from the computed one."""


class LimitError(KmqError):
    """The picture has more pixels, or frames, than the caller allows."""


# Section 3.4: name, bytes of a palette entry, most colors

MODES = {
    0: ("BILEVEL", 1, 2),
    1: ("L", 1, 256),
    2: ("LA", 2, 65536),
    3: ("P", 3, 256),
    4: ("P_ALPHA", 4, 256),
    5: ("PA", 4, 65536),
    6: ("RGB", 3, 65536),
    7: ("RGBA", 4, 65536),
}

# Section 3.3

PACKED, MODELLED = 0, 1

# Section 3.5

METADATA, CODED_PALETTE, FRAMES = 1, 2, 12

DEFAULT_MAX_PIXELS = 178_956_970
DEFAULT_MAX_FRAMES = 2**20
DEFAULT_MAX_TOTAL_PIXELS = 2**40


@dataclass(frozen=True)
class Picture:
    """A decoded picture: ``frames`` are lists of rows of indices, ``mode`` a name of section 3.4.

    One that is no animation is one frame, and has no ``timing``.
    """

    width: int
    height: int
    mode: str
    palette: list[tuple[int, ...]]
    frames: list[list[list[int]]]
    metadata: dict[str, bytes]
    timing: "Timing | None"

    @property
    def indices(self) -> list[list[int]]:
        """The rows of frame 0."""
        return self.frames[0]

    def pixels(self, frame: int = 0) -> list[bytes]:
        """Rows of samples (9.1): "The color of a pixel is palette[index]."."""
        return [b"".join(bytes(self.palette[index]) for index in row) for row in self.frames[frame]]

    def source_pixels(self) -> list[bytes]:
        """Rows of samples as the source mode stores them (9.2)."""
        if self.mode in ("P", "P_ALPHA"):
            return [bytes(row) for row in self.indices]
        if self.mode == "PA":
            colors = list(palette_colors(self.palette))
            pairs = [bytes((n, entry[3])) for n, entry in zip(colors, self.palette, strict=True)]
            return [b"".join(pairs[index] for index in row) for row in self.indices]
        return self.pixels()


@dataclass(frozen=True)
class Timing:
    """The numbers of the frames section (6.5.1): ``ticks`` of each frame, ``lengths`` of bands."""

    loop_count: int
    ticks_per_second: int
    key_interval: int
    ticks: list[int]
    lengths: list[int]


def decode(
    data: bytes,
    max_pixels: int | None = DEFAULT_MAX_PIXELS,
    max_frames: int | None = DEFAULT_MAX_FRAMES,
    max_total_pixels: int | None = DEFAULT_MAX_TOTAL_PIXELS,
) -> Picture:
    """Decode a whole file; a limit of None is none."""
    reader = Reader(data)

    # Section 3: header. "It is the prefix of the magic that decides whether the data is a
    # truncated .kmq file or no .kmq file."

    start = data[:4]
    if not start or start != b"\x8bKMQ"[: len(start)]:
        raise SignatureError("magic", "not a .kmq file")
    header = reader.take(20, "header")
    version, coding, mode_value, flags, width, height, colors, rows = struct.unpack(
        "<4B2I2H", header[4:]
    )
    # 3.2: "The value is 0."
    if version != 0:
        raise UnsupportedError("version", f"{version} is not supported")
    # 3.3: "0 | packed", "1 | modelled"
    if coding not in (PACKED, MODELLED):
        raise UnsupportedError("coding", f"{coding} is not supported")
    # 3.4
    if mode_value not in MODES:
        raise UnsupportedError("mode", f"{mode_value} is not supported")
    mode, channels, max_colors = MODES[mode_value]
    # 3.5: "Bits 4 to 7 MUST be zero."
    if flags & 0b1111_0000:
        raise UnsupportedError("flags", f"{flags:#010b} has an unknown bit set")
    # "Bits 2 and 3 MUST be equal"
    if flags & FRAMES not in (0, FRAMES):
        raise UnsupportedError("flags", f"{flags:#010b} has half of FRAMES set")
    # 3.6, 3.7: "The value is in 1..2^30."
    for field, value in (("width", width), ("height", height)):
        if not 1 <= value <= 2**30:
            raise FormatError(field, f"{value} is not in 1..2^30")
    # 3.8: "The field stores color_count - 1."
    color_count = colors + 1
    if color_count > max_colors:
        raise FormatError("color_count", f"{color_count} is too large for mode {mode}")
    # "bits = ceil(log2(color_count)), which is 0 for one color."
    bits = 0
    while 2**bits < color_count:
        bits += 1
    # "row_bytes = ceil(width * bits / 8)"
    row_bytes = -(-width * bits // 8)
    # 3.9: "The field stores band_rows - 1."
    band_rows = rows + 1
    if band_rows > height:
        raise FormatError("band_rows", f"{band_rows} exceeds the height, {height}")
    if band_rows * row_bytes >= 2**32:
        raise FormatError("band_rows", "band_rows * row_bytes is not less than 2^32")
    # "In coding modelled, (band_rows + 3) * (width + 16) MUST NOT exceed 2^28."
    if coding == MODELLED and (band_rows + 3) * (width + 16) > 2**28:
        raise FormatError("band_rows", "(band_rows + 3) * (width + 16) exceeds 2^28")
    # "With the flag FRAMES, there MUST NOT be more than 8 + floor(width * height / 2^19) bands of
    # coding modelled."
    if (
        coding == MODELLED
        and flags & FRAMES
        and -(-height // band_rows) > 8 + width * height // 2**19
    ):
        raise FormatError("band_rows", "too many bands of frames in coding modelled")
    # 8.2: "A decoder MUST compare width * height with a limit of its caller."
    if max_pixels is not None and width * height > max_pixels:
        raise LimitError("width", f"{width} x {height} pixels exceed the limit of {max_pixels}")

    # Section 4: metadata. "Present if and only if the flag METADATA is set."

    metadata = dict(read_sections(reader)) if flags & METADATA else {}

    # Section 5: palette. "color_count entries follow each other in index order." 5.3: "With the
    # flag CODED_PALETTE, the palette section has these two fields instead."

    order = None
    if flags & CODED_PALETTE:
        palette, order = read_coded_palette(reader, color_count, channels, coding)
    else:
        samples = reader.take(color_count * channels, "palette")
        palette = [tuple(samples[i : i + channels]) for i in range(0, len(samples), channels)]
    entries = b"".join(map(bytes, palette))
    # 5.1: "In mode BILEVEL the palette MUST be one of 00, ff and 00 ff."
    if mode == "BILEVEL" and entries not in (b"\x00", b"\xff", b"\x00\xff"):
        raise FormatError("palette", f"{entries.hex(' ')} is no palette of mode BILEVEL")
    # 5.2: "There MUST be at most 256 palette colors."
    if mode == "PA" and max(palette_colors(palette)) > 255:
        raise FormatError("palette", "mode PA has more than 256 palette colors")

    # Section 6.5.1: frames section. "Present if and only if the flag FRAMES is set."

    # "band_count = ceil(height / band_rows)"
    band_count = -(-height // band_rows)

    def band_height(band: int) -> int:
        """6.1: rows of a band."""
        return int(min((band + 1) * band_rows, height) - band * band_rows)

    timing = None
    if flags & FRAMES:
        # "In coding modelled with more colors a length may be any number"
        is_free = coding == MODELLED and color_count > 1
        timing = read_timing(
            reader, band_count, lambda band: None if is_free else band_height(band) * row_bytes
        )
        frame_count = len(timing.ticks)
        # 8.2: "A decoder of frames MUST also compare the number of frames, and the pixels of all
        # that it decodes, with limits of its caller"
        if max_frames is not None and frame_count > max_frames:
            raise LimitError("frame_count", f"{frame_count} exceeds the limit of {max_frames}")
        total = frame_count * width * height
        if max_total_pixels is not None and total > max_total_pixels:
            raise LimitError("frame_count", f"{total} pixels exceed {max_total_pixels}")
    reader.check_checksum()

    # Section 6: bands. "Band n holds the rows from n * band_rows up to, and not including,
    # the lesser of (n + 1) * band_rows and height."

    def read_payload(rows: int) -> bytes:
        """6.1: length, payload and checksum of a band."""
        (length,) = struct.unpack("<I", reader.take(4, "length"))
        # 6.2: "length MUST equal the number of rows of the band times row_bytes."
        if coding == PACKED and length != rows * row_bytes:
            raise FormatError("length", f"{length} is not {rows} * {row_bytes}")
        # 6.3: "length MUST NOT exceed the number of rows of the band times row_bytes."
        if length > rows * row_bytes:
            raise FormatError("length", f"{length} exceeds {rows} * {row_bytes}")
        payload = reader.take(length, "payload")
        reader.check_checksum()
        return payload

    def read_payload_of_frame(length: int) -> bytes:
        """6.5: payload and checksum, which is "absent if length is 0"."""
        payload = reader.take(length, "payload")
        if length > 0:
            reader.check_checksum()
        return payload

    models: dict[int, Band] = {}  # of each band, the one that decoded it last

    def decode_band(band: int, payload: bytes) -> list[list[int]]:
        """6.2, 6.3: the codes of a band that needs no other."""
        rows = band_height(band)
        # "With one color every code is 0, every payload is empty, and nothing is decided."
        if coding == MODELLED and color_count == 1:
            return [[0] * width for _ in range(rows)]
        if coding == MODELLED:
            models[band] = decode_modelled(payload, rows, width, color_count)
            return models[band].all_rows()
        lines = [payload[row * row_bytes : (row + 1) * row_bytes] for row in range(rows)]
        return [unpack_row(line, width, bits, color_count) for line in lines]

    # "The bands of frame 0 follow the head, then those of frame 1, and so on."
    frames: list[list[list[list[int]]]] = []
    if timing is None:
        bands = range(band_count)
        frames.append([decode_band(band, read_payload(band_height(band))) for band in bands])
    else:
        # 6.5: "The data behind the head MUST be exactly as long as all of these together."
        size = sum(length + 4 for length in timing.lengths if length > 0)
        if len(data) - reader.offset < size:
            raise TruncatedError("payload", f"frames of {size} bytes are not whole")
        if len(data) - reader.offset > size:
            raise FormatError("end", f"more than frames of {size} bytes")
        lengths = iter(timing.lengths)
        for frame in range(len(timing.ticks)):
            payloads = [read_payload_of_frame(next(lengths)) for _ in range(band_count)]
            # "Frame n is a key frame if n mod key_interval is 0"
            if frame % timing.key_interval == 0:
                frames.append([decode_band(*numbered) for numbered in enumerate(payloads)])
                continue
            codes = []
            for band, payload in enumerate(payloads):
                # "an empty payload of a frame that is no key frame leaves the band as it is in
                # the frame before."
                if not payload:
                    codes.append(frames[-1][band])
                elif coding == PACKED:
                    codes.append(decode_band(band, payload))
                else:
                    models[band] = decode_changes(payload, models[band])
                    codes.append(models[band].all_rows())
            frames.append(codes)

    # Section 2: "Nothing follows the last band."

    if reader.offset != len(data):
        raise FormatError("end", f"{len(data) - reader.offset} bytes follow the last band")

    # 6.3: "The code of a pixel is its index, unless the coded palette has an order: then
    # index = order[code] (5.3.4)."

    indices = [
        [[order[code] for code in row] if order else row for band in bands for row in band]
        for bands in frames
    ]
    return Picture(width, height, mode, palette, indices, metadata, timing)


class Reader:
    """Takes bytes in file order and keeps the running checksum (7.1) of what was taken."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.offset = 0
        self.checksum = 0

    def take(self, count: int, field: str) -> bytes:
        """Take the next ``count`` bytes."""
        taken = self.data[self.offset : self.offset + count]
        if len(taken) < count:
            raise TruncatedError(field, f"{count} bytes needed, {len(taken)} left")
        self.offset += count
        self.checksum = crc32(taken, self.checksum)
        return taken

    def varint(self, field: str) -> int:
        """Section 1: a varint."""
        number = 0
        for i in range(5):
            (byte,) = self.take(1, field)
            number += (byte & 0x7F) << (7 * i)
            # "Bit 7 MUST be 1 in every byte but the last, and 0 in the last."
            if not byte & 0x80:
                break
        # "integers below 2^32 in 1 to 5 bytes"
        if byte & 0x80 or number >= 2**32:
            raise FormatError(field, "longer than 5 bytes, or 2^32 or more")
        # "The last byte MUST NOT be 0, unless it is the only one."
        if i > 0 and byte == 0:
            raise FormatError(field, "the last byte is 0")
        return number

    def check_checksum(self) -> None:
        """7.1: "every byte of the file in front of it, except the bytes of other checksums"."""
        computed = self.checksum
        (stored,) = struct.unpack("<I", self.take(4, "checksum"))
        self.checksum = computed
        if stored != computed:
            raise ChecksumError("checksum", f"stored {stored:08x}, computed {computed:08x}")


def read_sections(reader: Reader) -> Iterator[tuple[str, bytes]]:
    """Section 4: metadata."""
    (section_count,) = reader.take(1, "section_count")
    # "section_count | 1 | 1..255"
    if section_count == 0:
        raise FormatError("section_count", "the flag METADATA is set, but there is no section")
    previous = b""
    total = 0
    for _ in range(section_count):
        (name_length,) = reader.take(1, "name_length")
        # "name_length | 1 | 1..32"
        if not 1 <= name_length <= 32:
            raise FormatError("name_length", f"{name_length} is not in 1..32")
        name = reader.take(name_length, "name")
        # "bytes of a-z, 0-9 and _"
        if not all(byte in b"abcdefghijklmnopqrstuvwxyz0123456789_" for byte in name):
            raise FormatError("name", f"{name!r} has a byte that is not of a-z, 0-9, _")
        # "Names MUST be strictly ascending in byte order"
        if name <= previous:
            raise FormatError("name", f"{name!r} does not ascend from {previous!r}")
        previous = name
        (length,) = struct.unpack("<I", reader.take(4, "length"))
        # "length | 4 | 0..2^24"
        if length > 2**24:
            raise FormatError("length", f"{length} exceeds 2^24")
        # "The lengths of all sections MUST NOT add up to more than 2^26."
        total += length
        if total > 2**26:
            raise FormatError("length", f"{total} bytes of metadata exceed 2^26")
        payload = reader.take(length, "payload")
        # "dpi | exactly 16 bytes ... both finite and greater than zero"
        if name == b"dpi":
            if length != 16:
                raise FormatError("length", f"dpi has {length} bytes instead of 16")
            for value in struct.unpack("<2d", payload):
                if not (math.isfinite(value) and value > 0):
                    raise FormatError("payload", f"dpi of {value}")
        yield name.decode("ascii"), payload


def palette_colors(palette: list[tuple[int, ...]]) -> Iterator[int]:
    """Yield the number of the palette color of each entry in mode PA (5.2)."""
    number = 0
    for i, entry in enumerate(palette):
        # "An entry belongs to the palette color of the entry before it if both have equal red,
        # green and blue and its alpha is greater; otherwise it starts the next palette color."
        if i > 0 and not (entry[:3] == palette[i - 1][:3] and entry[3] > palette[i - 1][3]):
            number += 1
        yield number


def unpack_row(row: bytes, width: int, bits: int, color_count: int) -> list[int]:
    """One row of coding "packed" (6.2)."""
    # "With one color, bits is 0, every index is 0 and every payload is empty."
    if bits == 0:
        return [0] * width
    # "The bytes of a row, in order, form one number whose most significant bits are the first
    # index": written out as a string of binary digits.
    digits = "".join(f"{byte:08b}" for byte in row)
    indices = [int(digits[i * bits : (i + 1) * bits], 2) for i in range(width)]
    # "The unused bits at the end of a row MUST be zero."
    if "1" in digits[width * bits :]:
        raise FormatError("payload", "unused bits at the end of a row are not zero")
    # "An index MUST be less than color_count."
    if max(indices) >= color_count:
        raise FormatError("payload", f"index {max(indices)} of {color_count} colors")
    return indices


# Section 6.4: range decoder


class RangeDecoder:
    """Takes decisions from a payload; ``field`` is what its faults are reported for."""

    def __init__(self, payload: bytes, field: str) -> None:
        self.payload = payload
        self.field = field
        # "range = 2^64 - 1, and value = the first 8 bytes of the payload"
        self.range = 2**64 - 1
        self.value = int.from_bytes(payload[:8].ljust(8, b"\0"), "big")
        self.position = 8
        # "The first 8 bytes of a payload MUST NOT all be ff."
        if self.value >= self.range:
            raise FormatError(field, "8 bytes of ff")

    def decide(self, p: int, unit: int = 16) -> int:
        """6.4.1: a decision whose probability of a 1 is p in units of 2^-unit."""
        bound = (self.range >> unit) * p
        bit = int(self.value < bound)
        if bit:
            self.range = bound
        else:
            self.value -= bound
            self.range -= bound
        # "If range is then less than 2^32, both are renormalized, once"
        if self.range < 2**32:
            # "Bytes beyond the end of the payload are 0."
            word = self.payload[self.position : self.position + 4].ljust(4, b"\0")
            self.position += 4
            self.range *= 2**32
            self.value = self.value * 2**32 + int.from_bytes(word, "big")
            # 6.4.2: "beyond MUST NOT exceed 64."
            if self.position > len(self.payload) + 64:
                raise FormatError(self.field, "read to more than 64 bytes beyond the end")
        return bit

    def plain_number(self, bits: int) -> int:
        """5.3.1: "n plain decisions, most significant bit first"."""
        number = 0
        for _ in range(bits):
            number = 2 * number + self.decide(PLAIN)
        return number

    def check_end(self) -> None:
        """6.4.2, after the last decision."""
        n = len(self.payload)
        beyond = self.position - n
        # "n MUST NOT exceed position."
        if beyond < 0:
            raise FormatError(self.field, f"the last {-beyond} bytes are not read")
        # "If n is 0 or beyond is 64, there is no further rule."
        if n == 0 or beyond == 64:
            return
        last = self.payload[-1]
        # "Otherwise the last byte of the payload MUST NOT be 0."
        if last == 0:
            raise FormatError(self.field, "the last byte is 0")
        unit = 1 << (8 * beyond)
        # "value MUST be less than unit, and value + (256 - last) * unit MUST NOT be less than
        # range."
        if self.value >= unit or self.value + (256 - last) * unit < self.range:
            raise FormatError(self.field, "not the shortest bytes of its decisions")


# 5.3.1: a plain decision "has p = 2^15 in units of 2^-16."
PLAIN = 2**15


# Section 5.3: coded palette


def read_coded_palette(
    reader: Reader, color_count: int, channels: int, coding: int
) -> tuple[list[tuple[int, ...]], list[int] | None]:
    """Decode the palette in index order, and the order, if there is one."""
    # "palette_length | 1..3 | a varint of 0..2^21 - 1"
    length = reader.varint("palette_length")
    if length >= 2**21:
        raise FormatError("palette_length", f"{length} is not in 0..2^21 - 1")
    payload = reader.take(length, "palette_payload")
    entries, order = decode_palette(payload, color_count, channels)
    if order is None:
        return entries, None
    # "It MUST be 0 in coding packed."
    if coding == PACKED:
        raise FormatError("palette_payload", "an order beside packed indices")
    # "The order MUST NOT give every code itself."
    if order == list(range(color_count)):
        raise FormatError("palette_payload", "the order gives every code itself")
    # "palette[order[code]] is the entry with that code"
    palette = entries[:]
    for entry, index in zip(entries, order, strict=True):
        palette[index] = entry
    return palette, order


def decode_palette(
    payload: bytes, color_count: int, channels: int
) -> tuple[list[tuple[int, ...]], list[int] | None]:
    """5.3.1: the entries in the order of their codes, and the order, if there is one."""
    decoder = RangeDecoder(payload, "palette_payload")
    top = [Adaptive(32768) for _ in range(16)]
    *components, ranks = [Component(top) for _ in range(5)]
    if decoder.decide(PLAIN):
        entries = list(predicted_entries(decoder, color_count, channels, components))
    else:
        entries = [
            tuple(decoder.plain_number(8) for _ in range(channels)) for _ in range(color_count)
        ]
    order = decode_order(decoder, color_count, ranks) if decoder.decide(PLAIN) else None
    decoder.check_end()
    return entries, order


class Adaptive:
    """5.3.1: an adaptive decision."""

    def __init__(self, p: int) -> None:
        self.p = p
        self.d = 2

    def decide(self, decoder: RangeDecoder) -> int:
        """Code the next bit, and learn from it the probability of the one after it."""
        bit = decoder.decide(self.p)
        # "Then p grows by floor((65536 - p) / d) if the bit was 1, or shrinks by floor(p / d) if
        # it was 0; then d grows by 1 if it is below 20."
        if bit:
            self.p += (65536 - self.p) // self.d
        else:
            self.p -= self.p // self.d
        self.d = min(self.d + 1, 20)
        return bit


class Component:
    """5.3.2: what the residuals of alpha, green, red, blue or of the ranks are decided with."""

    def __init__(self, top: list[Adaptive]) -> None:
        self.zero = [Adaptive(32768) for _ in range(3)]
        self.sign = [Adaptive(32768) for _ in range(3)]
        self.exponent = [Adaptive(45056) for _ in range(15)]
        self.top = top

    def residual(self, decoder: RangeDecoder, earlier: int, below: int, above: int) -> int:
        """Read a residual of -below..above; ``earlier`` is the residual that gives the context."""
        # "0, 1 or 2 as a named earlier residual is zero, positive or negative"
        context = 0 if earlier == 0 else 1 if earlier > 0 else 2
        if below == above == 0 or not self.zero[context].decide(decoder):
            return 0
        # "If above is 0, the residual is negative; if only below is 0, it is positive; otherwise
        # it is negative if sign[context] is 1."
        negative = above == 0 or (below > 0 and self.sign[context].decide(decoder) == 1)
        limit = below if negative else above
        e = 0
        while 2 << e <= limit and self.exponent[e].decide(decoder):
            e += 1
        m = 1 << e
        for b in reversed(range(e)):
            if m + (1 << b) <= limit:
                # "The bit is top[e] for b = e - 1 and plain for every other b."
                bit = self.top[e].decide(decoder) if b == e - 1 else decoder.decide(PLAIN)
                m += bit << b
        return -m if negative else m


def predicted_entries(
    decoder: RangeDecoder, color_count: int, channels: int, components: list[Component]
) -> Iterator[tuple[int, ...]]:
    """5.3.3: entries whose samples are predicted."""
    alpha, green, red, blue = components
    a = r = g = b = 0
    window: list[tuple[int, int, int]] = []  # the 32 entries before, the latest first
    for _ in range(color_count):
        residual = 0
        if channels in (2, 4):
            residual = alpha.residual(decoder, 0, a, 255 - a)
            a += residual
        last_g = g
        residual = green.residual(decoder, residual, g, 255 - g)
        g += residual
        if channels >= 3:
            predicted = min(max(r + g - last_g, 0), 255)
            residual = red.residual(decoder, residual, predicted, 255 - predicted)
            r = predicted + residual
            # "Entry j is that one of the 32 entries before for which 4 * |(Rj - Gj) - (R - G)|
            # + |Gj - G| is least; of several, the latest."
            _, gj, bj = min(
                window or [(0, 0, 0)],
                key=lambda j: 4 * abs((j[0] - j[1]) - (r - g)) + abs(j[1] - g),
            )
            predicted = min(max(bj + g - gj, 0), 255)
            residual = blue.residual(decoder, residual, predicted, 255 - predicted)
            b = predicted + residual
            window = [(r, g, b), *window[:31]]
        yield {1: (g,), 2: (g, a), 3: (r, g, b), 4: (r, g, b, a)}[channels]


def decode_order(decoder: RangeDecoder, color_count: int, ranks: Component) -> list[int]:
    """5.3.4: the palette index of each code."""
    left = list(range(color_count))
    order: list[int] = []
    prediction = residual = 0
    while left:
        n = len(left)
        residual = ranks.residual(decoder, residual, prediction, n - 1 - prediction)
        rank = prediction + residual
        # "its rank among the n indices not yet given: the count of those that are smaller"
        order.append(left.pop(rank))
        # "if there is none, because that rank is n, the prediction is 0"
        prediction = rank if rank < len(left) else 0
    return order


# Section 6.3: coding modelled


def sat(x: int) -> int:
    """6.3: the nearest integer of 16 bits with a sign."""
    return min(max(x, -(2**15)), 2**15 - 1)


def R(a: int, b: int) -> int:  # noqa: N802
    """6.3: the rounded product."""
    return (a * b + 2**14) >> 15


def H(a: int, b: int) -> int:  # noqa: N802
    """6.3: the upper half of a product."""
    return (a * b) >> 16


def decode_modelled(payload: bytes, rows: int, width: int, color_count: int) -> "Band":
    """6.3: a band, decoded."""
    decoder = RangeDecoder(payload, "payload")
    model = Graphics if decoder.decide(PLAIN) else Photo
    band = model(decoder, rows, width, color_count)
    for y in range(rows):
        band.begin_row(y)
        band.decode_row(y)
        band.end_row(y)
    decoder.check_end()
    return band


# 6.3.1: column and row of each neighbor, beside the pixel's
NEIGHBORS = {
    "W": (-1, 0),
    "N": (0, -1),
    "NW": (-1, -1),
    "NE": (1, -1),
    "WW": (-2, 0),
    "NN": (0, -2),
    "NEE": (2, -1),
    "NWW": (-2, -1),
    "NNE": (1, -2),
    "NNW": (-1, -2),
    "WWW": (-3, 0),
    "NEEE": (3, -1),
}
# "in this order, the powers 1 to 15 of 0x9e3779b1"
M = {n: pow(0x9E3779B1, i, 2**32) for i, n in enumerate([*NEIGHBORS, "X", "Y", "PATH"], start=1)}
SETS = {"six": list(NEIGHBORS)[:6], "all": list(NEIGHBORS)}
EQUAL = "W N, W NW, N NW, N NE, W WW, N NN"
OTHER = "NE NEE, NW NWW, W NE, NE NNE, NW NNW, WW NWW, N WW, W NN"
WHICH = "W NEE, W NWW, W NNE, W NNW, W WWW, W NEEE"


def mix(h: int) -> int:
    """6.3.1; the hash is not yet reduced modulo 2^32."""
    h %= 2**32
    return (h ^ (h >> 15)) * 0x2C1B3C6D % 2**32


def log(n: int, a: int, b: int) -> int:
    """6.3.1: "min(max(a, ceil(log2(n))), b)"."""
    return min(max(a, (n - 1).bit_length()), b)


@cache
def p(i: int) -> int:
    """6.3.2: the probability of a logit."""
    a = abs(64 * i + 32)
    o = (2048 + a % 2048) << (a >> 11)
    q = o * 2**16 // (o + 2048)
    return min(max(16, q if i >= 0 else 2**16 - q), 65520)


@cache
def e(i: int, bit: int) -> int:
    """6.3.2: what is learned from a bit."""
    d = abs(2**16 * bit - p(i))
    s = 4 * p(i) * (2**16 - p(i)) + 85899346
    t = math.isqrt(math.isqrt(s * 2**30) * 2)
    learned = (d * 4117 + (t >> 1)) // t
    return learned if bit else -learned


class Rare:
    """6.3.3: a rare decision."""

    def __init__(self, p: int, n: int = 0) -> None:
        self.p = p
        self.n = n

    def decide(self, decoder: RangeDecoder) -> bool:
        """Decide and learn."""
        bit = decoder.decide(self.p, 22) == 1
        self.learn(bit)
        return bit

    def learn(self, bit: bool) -> None:
        """Learn from a bit."""
        step = 2**17 // (2 * self.n + 3)
        # "p grows by ((2^22 - 1 - p) * step) >> 16 after a 1; after a 0 it shrinks by
        # (p * step) >> 16."
        if bit:
            self.p += ((2**22 - 1 - self.p) * step) >> 16
        else:
            self.p -= (self.p * step) >> 16
        self.n = min(self.n + 1, 255)


class Band:
    """The plane of a band, and the pixel that is being decoded."""

    def __init__(self, decoder: RangeDecoder, rows: int, width: int, color_count: int) -> None:
        self.decoder = decoder
        self.rows = rows
        self.pixels = rows * width
        self.width = width
        self.color_count = color_count
        # 6.3.2
        self.bits = (color_count - 1).bit_length()
        self.top = 1 << self.bits  # path is a code plus this at the end
        count = -(-self.bits // 4)
        self.levels: list[int] = []
        for level in range(count):
            self.levels.append(-(-(self.bits - sum(self.levels)) // (count - level)))
        # 6.3.1
        self.stride = width + 16
        self.plane = [0] * ((rows + 3) * self.stride)
        self.start(0, 0)

    def row(self, y: int) -> list[int]:
        """Take the codes of a row."""
        first = (y + 3) * self.stride + 8
        return self.plane[first : first + self.width]

    def all_rows(self) -> list[list[int]]:
        """Take the codes of all rows."""
        return [self.row(y) for y in range(self.rows)]

    def begin_row(self, y: int) -> None:
        """6.3.1: "the 8 cells left of it are set to the code in the cell above that pixel"."""
        first = (y + 3) * self.stride + 8
        self.plane[first - 8 : first] = [self.plane[first - self.stride]] * 8

    def end_row(self, y: int) -> None:
        """6.3.1: "after its last, the 8 cells right of it to the code of that pixel"."""
        end = (y + 3) * self.stride + 8 + self.width
        self.plane[end : end + 8] = [self.plane[end - 1]] * 8

    def decode_row(self, y: int) -> None:
        """6.3: "for each pixel"."""
        for x in range(self.width):
            self.start(x, y)
            self.plane[self.place] = self.code()

    def start(self, x: int, y: int) -> None:
        """Begin a pixel: its place and neighbors."""
        self.place = (y + 3) * self.stride + 8 + x
        self.around = self.neighbors(self.place)
        self.names = {**self.around, "X": x, "Y": y}
        self.equal = self.compared(EQUAL)

    def code(self) -> int:
        """Decode the code of the pixel."""
        raise NotImplementedError

    def neighbors(self, place: int) -> dict[str, int]:
        """6.3.1: the neighbors of a place."""
        return {n: self.plane[place + r * self.stride + c] for n, (c, r) in NEIGHBORS.items()}

    def hash(self, names: str) -> int:
        """6.3.1: a hash, written without its brackets, not yet reduced modulo 2^32."""
        total = 0
        for term in names.split(", "):
            name, number = [*re.split("'|>>", term), "0"][:2]
            # "W'3 is W >> max(bits - 3, 0)"
            shift = max(self.bits - int(number), 0) if "'" in term else int(number)
            # "in six'2 each has the '2"
            for each in SETS.get(name, [name]):
                total += (self.names[each] >> shift) * M[each]
        return total

    def near(self, a: str, b: str, c: str) -> int:
        """6.3.1: "a + b - c, but 0 if that is negative and color_count - 1 if it is more"."""
        sum_ = self.around[a] + self.around[b] - self.around[c]
        return min(max(sum_, 0), self.color_count - 1)

    def compared(self, pairs: str) -> int:
        """6.3.1: equal, other and which."""
        both = [pair.split() for pair in pairs.split(", ")]
        return sum((self.around[a] == self.around[b]) << i for i, (a, b) in enumerate(both))

    def is_forced(self, path: int) -> bool:
        """6.3.2: "if a 1 would make every code that begins so at least color_count"."""
        left = self.bits - path.bit_length()
        return ((2 * path + 1) << left) - self.top >= self.color_count


# 6.3.4: "each with rate and first"
PHOTO = {
    "A": "W 1500 18000; NE 1500 12000; [Y>>4, X>>5] 4300 6800; [W, WW, WWW] 1600 13000; "
    "[N, NN] 2000 21000; [W, N, NE, NEE] 1900 16000; NEE 1500 9700; [W, N, NW] 1300 16000; "
    "[N, X>>4] 11000 8600",
    "B": "NE 1700 13000; W 1500 19000; N 1400 12000; near(N, N, NN) 750 2900; NW 1600 4600; "
    "NNE 1100 2600; NEE 1500 11000; [W, WW] 1800 14000; [N, NN] 1200 11000; "
    "[W, N, NE, NEE] 1800 6900; NWW 1600 2800; [Y>>4, X>>5] 4700 4700; [W, X>>4] 2600 4500; "
    "[six'3] 1300 8700",
    "C": "NE 3300 15000; W 4000 32767; N 3400 20000; NW 3200 6000; [six'2] 650 8500; "
    "[N, NN] 3800 8500; NEE 3700 18000; near(W, W, WW) 2200 8000",
}
PHOTO["D"] = PHOTO["C"]


class Photo(Band):
    """6.3.4: a band of model photo."""

    def __init__(self, decoder: RangeDecoder, rows: int, width: int, color_count: int) -> None:
        super().__init__(decoder, rows, width, color_count)
        if self.bits <= 4:
            self.kind = "A"
        elif self.bits <= 6:
            self.kind = "B"
        elif self.bits <= 8 and self.pixels >= 4096:
            self.kind = "C"
        else:
            self.kind = "D"
        entries = [entry.rsplit(" ", 2) for entry in PHOTO[self.kind].split("; ")]
        self.contexts = [(text, int(rate), int(first)) for text, rate, first in entries]
        self.log_lines = log(2 * self.pixels, 7, 12 if self.kind in "AC" else 14)
        # "all 2^14 at first"
        self.w: dict[tuple[int, int, int], int] = defaultdict(lambda: 2**14)
        self.t: dict[tuple[int, int, int], int] = defaultdict(lambda: 2**14)
        self.counters: dict[tuple[int, int, int], int] = {}
        self.logits: dict[tuple[int, int, int, int], int] = defaultdict(int)

    def line(self, text: str, level: int, path: int) -> tuple[int, int]:
        """Find a context's line: by path and code if it is direct, else by 0 and its number."""
        if text[0] == "[":
            hashed = self.hash(text.strip("[]"))
        else:
            is_near = text.startswith("near")
            code = self.near(*text[5:-1].split(", ")) if is_near else self.around[text]
            # "A context without brackets is direct: it has a line for each code in level 0, and
            # others for each code and path in level 1."
            if self.kind != "D":
                return path, code
            # "In D it is hashed, too: NE as [NE], and near(W, W, WW) times m(W)."
            hashed = code * M["W" if is_near else text]
        # "(hash + path * m(PATH)) >> (32 - log_lines), without the path in level 0"
        hashed += path * M["PATH"] if level > 0 else 0
        return 0, (hashed % 2**32) >> (32 - self.log_lines)

    def code(self) -> int:
        """6.3.4: the code of the pixel, level by level."""
        path = 1
        for level, level_bits in enumerate(self.levels):
            lines = [(k, *self.line(c[0], level, path)) for k, c in enumerate(self.contexts)]
            # "m is the greater of rate and counter"
            ms = []
            for line, (_, rate, first) in zip(lines, self.contexts, strict=True):
                counter = self.counters.get(line, first)
                ms.append(max(rate, counter))
                self.counters[line] = sat(counter + R(-250, ms[-1]))
            weights = 0 if level == 0 else 1 + path % 16
            node = 1
            for _ in range(level_bits):
                bit = 0
                if not self.is_forced(path):
                    bit = self.decide(lines, ms, level, weights, node)
                path, node = 2 * path + bit, 2 * node + bit
        return path - self.top

    def decide(
        self, lines: list[tuple[int, int, int]], ms: list[int], level: int, weights: int, node: int
    ) -> int:
        """Decide a bit and learn from it."""
        c = [self.logits[*line, node] for line in lines]
        w = [self.w[weights, k, node] for k in range(len(lines))]
        t = self.t[level, self.equal, node]
        sums = [0, 0]  # even, odd
        for k in range(len(lines)):
            sums[k % 2] = sat(sums[k % 2] + H(c[k], w[k]))
        total = sat(2 * sat(sums[0] + sums[1]))
        i = (total * t) >> 20
        bit = self.decoder.decide(p(i))
        learned = e(i, bit)
        # "T becomes sat(T + R(e >> 2, sum))"
        self.t[level, self.equal, node] = sat(t + R(learned >> 2, total))
        for k, line in enumerate(lines):
            # "each w becomes sat(w + R(e >> s, c)), where s is 3 in A, else 2"
            s = 3 if self.kind == "A" else 2
            self.w[weights, k, node] = sat(w[k] + R(learned >> s, c[k]))
            # "each c becomes sat(c + R(e, m))"
            self.logits[*line, node] = sat(c[k] + R(learned, ms[k]))
        return bit


def L(v: int) -> int:  # noqa: N802
    """6.3.7: a logarithm."""
    k = v.bit_length() - 1
    return 2048 * k + 2048 * (v - (1 << k)) // (1 << k)


def r(count: int) -> int:
    """6.3.7: how far a state moves that was visited ``count`` times."""
    return (5 * count + 1286) // (10 * count + 12)


class Line:
    """6.3.7: a check and nodes 1 to 15, each with a state and a count."""

    def __init__(self, check: int = 0) -> None:
        self.check = check
        self.state = [0] * 16
        self.count = [0] * 16


@dataclass(frozen=True)
class Match:
    """6.3.6: the match found, or an offset and score of 0."""

    offset: int
    score: int
    code: int


# An expert: its code, and the name of its state
Expert = tuple[int, tuple[str | int, ...]]


class Graphics(Band):
    """6.3.5 to 6.3.7: a band of model graphics."""

    def __init__(self, decoder: RangeDecoder, rows: int, width: int, color_count: int) -> None:
        super().__init__(decoder, rows, width, color_count)
        # 6.3.5
        self.offset = self.run = self.history = 0
        self.c = [0] * 33
        self.row_outcomes = 0
        self.block_outcomes = [0, 0]
        self.kind = self.left = 0
        self.excluded: int | None = None
        self.rare: dict[tuple[str | int, ...], Rare] = {}
        # 6.3.6
        self.log_places = log(self.pixels, 8, 16)
        self.by6: dict[int, int] = defaultdict(int)
        self.by12: dict[int, int] = defaultdict(int)
        self.last: dict[int, int] = defaultdict(int)
        self.above = [0] * width
        self.hits: dict[tuple[int, int, int], int] = defaultdict(lambda: 2**15)
        # 6.3.7
        # "15 in contexts 0 to 4 if bits > 4, else 13"
        most = [15 if context <= 4 and self.bits > 4 else 13 for context in range(12)]
        self.log_lines = [log(2 * self.pixels, 7, b) for b in most]
        self.tables: list[dict[int, list[Line]]] = [
            defaultdict(lambda: [Line(), Line()]) for _ in range(12)
        ]
        self.w1: dict[tuple[int, int, int], int] = defaultdict(lambda: 2662)
        # "for each level and input, 0 at first, but 2500 for experts in w2"
        self.w234: dict[tuple[int, int, int], list[int]] = {}
        self.coded = 0

    def state(self, *name: str | int, p: int, n: int = 0) -> Rare:
        """Read the rare decision of a name."""
        return self.rare.setdefault(name, Rare(p, n))

    def decode_row(self, y: int) -> None:
        """6.3: "for each row, unless it repeats a row"."""
        if y > 0 and self.repeats(y):
            return
        # "No block is open (left = 0) at the start of a row."
        self.left = 0
        x = 0
        while x < self.width:
            self.start(x, y)
            # "16 pixels from this one on, if the row has as many and no block is open."
            if x + 16 <= self.width and self.left == 0 and self.block():
                x += 16
            else:
                self.plane[self.place] = self.code()
                x += 1

    def repeats(self, y: int) -> bool:
        """6.3.5, row: whether it repeats a row, which is then copied."""
        # "c[d], for d = 1..32, at first 0, becomes c[d] + 1 if d < y and row y - 1 equals row
        # y - 1 - d, else 0."
        for d in range(1, 33):
            is_equal = d < y and self.row(y - 1) == self.row(y - 1 - d)
            self.c[d] = self.c[d] + 1 if is_equal else 0
        d = max(range(1, 33), key=lambda d: self.c[d])
        k = 0 if self.c[d] == 0 else 1 if self.c[d] < d else 2
        bit = self.state("repeat", k, self.row_outcomes % 16, p=2**21).decide(self.decoder)
        self.row_outcomes = 2 * self.row_outcomes + bit
        if bit:
            return False
        first = (y + 3) * self.stride + 8
        self.plane[first : first + self.width] = self.row(y - d)
        return True

    def start(self, x: int, y: int) -> None:
        """Begin a pixel: what 6.3.5 says of its neighbors."""
        super().start(x, y)
        around = self.around
        self.which = self.compared(WHICH)
        self.is_flat = all(around[name] == around["W"] for name in ("N", "NW", "NE", "WW", "NN"))

    @property
    def expected(self) -> int:
        """6.3.5: "the code at the pixel's place less offset"."""
        return self.plane[self.place - self.offset]

    @property
    def is_far(self) -> bool:
        """6.3.5: "offset >= 16"; 6.5.2: "Offsets are modulo 2^32"."""
        return self.offset % 2**32 >= 16

    def relation(self, _code: int) -> int:
        """6.5.2: what a code in question has to do with the frame before; 0 is of stills."""
        return 0

    @property
    def is_heard(self) -> bool:
        """6.3.5: "offset is not 0 and run >= 4"."""
        return self.offset != 0 and self.run >= 4

    def block(self) -> bool:
        """6.3.5, block: whether the next 16 pixels are as they should be, and are set."""
        w, place = self.around["W"], self.place
        plain = self.is_flat and self.which == 63

        def above(place: int) -> list[int]:
            return self.plane[place - self.stride - 2 : place - self.stride + 18]

        source = self.plane[place - self.offset : place - self.offset + 16]
        if self.is_far and self.run >= 32 and not (plain and self.expected == w):
            k = 1
            if above(place) != above(place - self.offset):
                return False
        elif plain and above(place) == [w] * 20:
            k = 0
            if self.is_heard and (not self.is_far or source != [w] * 16):
                return False
            source = [w] * 16
        else:
            return False
        # 6.5.2: "A question about a code that is excluded is not put"
        if source[0] == self.excluded:
            return False
        h = self.block_outcomes[k] % 4
        bit = self.state("block", self.relation(source[0]), k, h, p=2**16).decide(self.decoder)
        self.block_outcomes[k] = 2 * self.block_outcomes[k] + bit
        # "After a no it is open: left = 16."
        if bit:
            self.kind, self.left = k, 16
            return False
        self.plane[place : place + 16] = source
        self.run += 16 * k
        return True

    def code(self) -> int:
        """6.3.5, pixel."""
        w, expected = self.around["W"], self.expected
        if self.is_flat:
            kind, asked = 0, w
        elif self.offset and self.run >= 32:
            kind, asked = 1, expected
        else:
            self.left = 0
            return self.uncertain_code(self.excluded)
        if asked == self.excluded:
            self.left = 0
            return self.uncertain_code(asked)
        relation = self.relation(asked)
        # "against = (flat, heard, and expected is not W)"
        against = self.is_flat and self.is_heard and expected != w
        if self.left > 0 and self.kind == kind and not against:
            self.left -= 1
            first = 2**22 // (self.left + 1)
            state = self.state("open", kind, self.left, p=first, n=4)
            # "if it is 0 now the answer is no, without a decision"
            no = self.left == 0 or state.decide(self.decoder)
            self.left = 0 if no else self.left
        else:
            self.left = 0
            if against:
                state = self.state("refuse", p=2**21)
            elif kind == 0:
                first = 2**16 if self.which == 63 else 2**21
                state = self.state("flat", relation, self.which, p=first)
            else:
                state = self.state("trust", relation, min(12, self.run.bit_length()), p=2**19)
            # "If the p of trust is not less than 2^14, it only learns, once the code is known, and
            # the pixel is not certain."
            if kind == 1 and state.p >= 2**14:
                code = self.uncertain_code(self.excluded)
                state.learn(code != asked)
                return code
            no = state.decide(self.decoder)
        if no:
            return self.uncertain_code(asked)
        # "After a yes the code is known."
        if self.offset and expected != asked:
            self.run = 0
            self.history = 2 * self.history + 1
        elif self.offset and not self.is_flat:
            self.run += 1
            self.above[self.names["X"]] = self.offset
            self.history = 2 * self.history
        return asked

    def uncertain_code(self, excluded: int | None) -> int:
        """6.3.6 and 6.3.7: the code of a pixel that is not certain."""
        around, x = self.around, self.names["X"]
        match = self.match()
        # 6.3.6, guess
        entry = self.entry("W, N, NW, NE")
        sources = [
            match.code if match.offset else around["W"],
            self.last[entry] - 1 if self.last[entry] else around["W"],
            around["W"],
            around["N"],
            self.near("W", "N", "NW"),
            self.near("W", "W", "WW"),
            self.near("N", "NE", "NNE"),
            self.near("N", "N", "NN"),
        ]
        # "c is 0 without a match, 1 if its score is below 9, 2 if below 12, else 3."
        c = (match.score >= 4) + (match.score >= 9) + (match.score >= 12)
        keys = [(self.equal, c, source) for source in range(8)]
        best = max(range(8), key=lambda source: self.hits[keys[source]])
        experts: list[Expert | None] = [
            (sources[best], ("guesses", self.hits[keys[best]] >> 11, self.history % 4)),
            (match.code, ("matches", match.score, self.history % 4)) if match.offset else None,
            *self.more_experts(),
        ]

        code = self.decode_bits(experts, excluded)

        # "last becomes it plus 1, modulo 2^16"
        self.last[entry] = (code + 1) % 2**16
        for key, source in zip(keys, sources, strict=True):
            h = self.hits[key]
            self.hits[key] = h + ((65535 - h) >> 5) if source == code else h - (h >> 5)
        # "without a match, offset and run become 0."
        if match.offset == 0:
            self.offset = self.run = 0
            return code
        missed = match.code != code
        if missed or match.offset != self.offset:
            self.run = 0
        self.run += not missed
        self.offset = 0 if missed else match.offset
        self.history = 2 * self.history + missed
        self.above[x] = match.offset
        return code

    def more_experts(self) -> list[Expert]:
        """6.5.2: the expert that only frames have."""
        return []

    def other(self) -> int:
        """6.3.1: which other neighbors are equal."""
        return self.compared(OTHER)

    def entry(self, names: str) -> int:
        """6.3.6: "mix(hash) >> (32 - log_places) is the entry of a hash"."""
        return mix(self.hash(names)) >> (32 - self.log_places)

    def match(self) -> Match:
        """6.3.6: the match found."""
        by12, by6 = self.entry("all"), self.entry("six")
        places = self.by12[by12], self.by6[by6]
        # "0, and an entry of 0, gives none."
        candidates = [self.offset, self.above[self.names["X"]]]
        candidates += [self.place - entry if entry else 0 for entry in places]
        self.by12[by12] = self.by6[by6] = self.place
        match = Match(0, 0, 0)
        for offset in filter(self.may_be_offset, candidates):
            there = self.neighbors(self.place - offset)
            score = sum(there[name] == self.around[name] for name in NEIGHBORS)
            if score > max(match.score, 3):
                match = Match(offset, score, self.plane[self.place - offset])
        return match

    def may_be_offset(self, offset: int) -> bool:
        """6.3.6: "0, and an entry of 0, gives none"."""
        return offset != 0

    def hashes(self) -> list[int]:
        """6.3.7: the 12 contexts."""
        around = self.around
        streak = 0
        while streak < 31 and self.plane[self.place - 1 - streak] == around["W"]:
            streak += 1
        low, high = sorted((around["W"], around["N"]))
        edge = min(max(self.near("W", "N", "NW"), low), high)
        return [
            self.hash("W, WW"),
            self.hash("W, NEE"),
            self.hash("N, NN"),
            self.hash("W, N, NW, NE"),
            self.hash("W'4, N'4, NW'4, NE'4"),
            self.hash("all'2"),
            self.hash("Y>>3, X>>4"),
            self.hash("NE"),
            self.hash("NW"),
            edge * M["N"],
            self.near("W", "NE", "N") * M["NN"],
            self.hash("W") + streak * M["X"],
        ]

    def line(self, context: int, hashed: int) -> Line:
        """6.3.7: the line of a context."""
        h = mix(hashed)
        pair = self.tables[context][h >> (33 - self.log_lines[context])]
        # "Contexts 7 to 11 take line (h >> 8) mod 2 of the pair as it is."
        if context >= 7:
            return pair[(h >> 8) % 2]
        check = h % 2**16 | 1
        for line in pair:
            if line.check == check:
                return line
        # "the second if the count of its node 1 is less than that of the first's, else the first,
        # which gets this check, and zeros"
        which = int(pair[1].count[1] < pair[0].count[1])
        pair[which] = Line(check)
        return pair[which]

    def decode_bits(self, experts: list[Expert | None], excluded: int | None) -> int:
        """6.3.7: the bits of a code; an expert is its code and the name of its state."""
        hashes = self.hashes()
        other = self.other()
        path = 1
        for level, level_bits in enumerate(self.levels):
            left = self.bits + 1 - path.bit_length()
            step = path * M["PATH"] if level > 0 else 0
            lines = [self.line(context, h + step) for context, h in enumerate(hashes)]

            # Experts: "each takes part in a level if its code begins with path"
            parts: list[tuple[int, int, Rare] | None] = []
            for expert in experts:
                part = None
                if expert and (expert[0] + self.top) >> left == path:
                    state = self.state(*expert[1], level, p=2**20)
                    odds = min(max(L(2**22 - state.p) - L(state.p), -24576), 24576)
                    part = (expert[0] + self.top) >> (left - level_bits), odds, state
                parts.append(part)

            # "The bits of agree say whether W, N, NE, NW, WW, NN begin with path."
            codes = [self.around[name] for name in ("W", "N", "NE", "NW", "WW", "NN")]
            begin = [(code + self.top) >> left == path for code in codes]
            agree = sum(begin[i] << i for i in range(6))
            weights = 0 if level == 0 else 1 + path % 16
            w2 = self.w234.setdefault((2, level, self.equal), [0] * 12 + [2500] * 3)
            w3 = self.w234.setdefault((3, level, agree), [0] * 15)
            w4 = self.w234.setdefault((4, level, other), [0] * 15)

            node = 1
            learned: list[tuple[int, int, int, list[int]]] = []
            for depth in reversed(range(level_bits)):
                inputs = [self.context_input(line, node) for line in lines]
                for part in parts:
                    value = 0
                    if part and part[0] >> (depth + 1) == path:
                        value = R(part[1], 32766 if part[0] >> depth & 1 else -32766)
                    inputs.append(value)
                z = 0
                for k, value in enumerate(inputs):
                    w1 = self.w1[weights, k, node] if k < 12 else 0
                    z = sat(z + H(value, sat(w1 + sat(sat(w2[k] + w3[k]) + w4[k]))))
                probability = p(sat(2 * sat(2 * z)) >> 6)
                is_last = path.bit_length() == self.bits
                error = 0
                if self.is_forced(path):
                    bit = 0
                elif is_last and excluded is not None and (excluded + self.top) >> 1 == path:
                    bit = 1 - excluded % 2
                else:
                    bit = self.decoder.decide(probability)
                    # "error = (2^16 * bit - p) >> 3, or 0 if forced"
                    error = (2**16 * bit - probability) >> 3
                learned.append((node, bit, error, inputs))
                path, node = 2 * path + bit, 2 * node + bit

            # Learning
            rate = 800 + 900 * 2**13 // ((self.coded & ~255) + 2**13)
            self.coded += 1
            for node, bit, error, inputs in learned:
                for k in range(12):
                    w1 = self.w1[weights, k, node]
                    self.w1[weights, k, node] = sat(w1 + R(inputs[k], R(2 * error, rate)))
                for line in lines:
                    self.learn(line, node, bit)
            for k in range(12 + len(parts)):
                d = sum(error * inputs[k] for _, _, error, inputs in learned)
                for w in (w2, w3, w4):
                    w[k] = sat(w[k] + R(sat(d >> 14), rate))
            # "after the level the state learns whether the level's bits were not its own."
            for part in parts:
                if part:
                    part[2].learn(part[0] != path)
        return path - self.top

    def context_input(self, line: Line, node: int) -> int:
        """6.3.7: the input of a context at a node."""
        u = sat(2 * (line.state[node] + line.count[node]))
        square = H(u, u)
        return H(u, (square >> 2) + H(square, square) + 10650)

    def learn(self, line: Line, node: int, bit: int) -> None:
        """6.3.7: what a node of a context learns."""
        count = line.count[node]
        v = line.state[node] + count
        target = 16383 if bit else -16383
        moved = v + R(target - v, 256 * r(count)) - 7
        # "rounded down to a multiple of 16"
        line.state[node] = moved - moved % 16
        line.count[node] = min(count + 1, 15)


# Section 6.5: frames


def read_timing(reader: Reader, band_count: int, size_of: Callable[[int], int | None]) -> Timing:
    """6.5.1: the frames section; ``size_of`` gives the bytes of a whole band, or None for any."""
    payload = reader.take(reader.varint("frames_length"), "frames_payload")
    numbers = []
    inner = Reader(payload)
    while inner.offset < len(payload):
        try:
            numbers.append(inner.varint("frames_payload"))
        except TruncatedError:
            raise FormatError("frames_payload", "ends within a varint") from None
    left = iter(numbers)

    def take(field: str, low: int, high: int) -> int:
        """Take the next number."""
        number = next(left, None)
        # "the varints that follow, and nothing else"
        if number is None:
            raise FormatError(field, "missing")
        if not low <= number <= high:
            raise FormatError(field, f"{number} is not in {low}..{high}")
        return number

    frame_count = take("frame_count", 2, 2**24)
    loop_count = take("loop_count", 0, 2**32 - 1)
    ticks_per_second = take("ticks_per_second", 1, 2**32 - 1)
    key_interval = take("key_interval", 1, frame_count)
    ticks: list[int] = []
    while len(ticks) < frame_count:
        duration = take("ticks", 0, 2**32 - 1)
        # "The ticks of a pair MUST differ from those of the pair before."
        if ticks and duration == ticks[-1]:
            raise FormatError("ticks", f"{duration} again")
        # "The numbers of all runs MUST add up to frame_count"
        ticks += [duration] * take("run", 1, frame_count - len(ticks))
    lengths = list(left)
    # "frame_count * band_count times"
    if len(lengths) != frame_count * band_count:
        raise FormatError("length", f"{len(lengths)} are not {frame_count} * {band_count}")
    for i, length in enumerate(lengths):
        # "each length MUST be the number of rows of the band times row_bytes or, in a frame that
        # is no key frame, that or 0."
        frame, band = divmod(i, band_count)
        size = size_of(band)
        if size is not None and length != size and (length or frame % key_interval == 0):
            raise FormatError("length", f"{length} is not {size}")
    return Timing(loop_count, ticks_per_second, key_interval, ticks, lengths)


# Section 6.5.2: frames in coding modelled


def decode_changes(payload: bytes, band: Band) -> "Changes":
    """6.5.2: a band of a frame that is no key frame; ``band`` is that of the one before."""
    decoder = RangeDecoder(payload, "payload")
    changes = band if isinstance(band, Changes) else Changes(band)
    changes.decode(decoder)
    decoder.check_end()
    return changes


class Changes(Graphics):
    """6.5.2: a band of which a frame is known, in model graphics."""

    def __init__(self, key: Band) -> None:
        super().__init__(key.decoder, key.rows, key.width, key.color_count)
        # "behind a key frame of model photo, all but the plane is as at the start of a band"
        if isinstance(key, Graphics):
            vars(self).update(vars(key))
        # "There is one more row of cells below the band's last, all 0."
        self.plane = key.plane + [0] * self.stride
        self.t = 0
        self.row_changed: dict[int, int] = {}
        self.tile_changed: dict[tuple[int, int], int] = {}
        self.stay_outcomes = 0
        self.rest = 0

    def decode(self, decoder: RangeDecoder) -> None:
        """Decode a frame."""
        self.decoder = decoder
        self.t += 1
        self.before = self.plane[:]
        outcomes = 0
        for y in range(self.rows):
            age = self.age(self.row_changed.get(y))
            state = self.state("row", outcomes % 4, age, p=2**19)
            # "the bit is decided with 2^22 - p, and a 1 means that the row is as before."
            changed = 1 - decoder.decide(2**22 - state.p, 22)
            state.learn(changed == 1)
            if changed:
                self.row_changed[y] = self.t
                self.above_changed = outcomes % 2
                self.begin_row(y)
                self.decode_row(y)
                self.end_row(y)
            outcomes = 2 * outcomes + changed

    def age(self, changed: int | None) -> int:
        """Say how long ago something changed."""
        if changed is None:
            return 3
        frames = self.t - changed
        return 0 if frames <= 1 else 1 if frames == 2 else 2 if frames <= 8 else 3

    def decode_row(self, y: int) -> None:
        """Decode a row that has changed."""
        self.left = self.rest = 0
        self.last_x = -64
        x = 0
        while x < self.width:
            self.start(x, y)
            count = self.pixels_at(x, y)
            for place in range(self.place, self.place + count):
                if self.plane[place] != self.before[place]:
                    self.last_x = x + place - self.place
                    self.tile_changed[self.last_x // 16, y // 8] = self.t
            x += count

    def start(self, x: int, y: int) -> None:
        """Begin a pixel: what 6.5.2 says of the frame before."""
        super().start(x, y)
        if not hasattr(self, "before"):
            return
        names = ("W", "N", "NW", "NE")
        cells = [self.place + NEIGHBORS[n][0] + NEIGHBORS[n][1] * self.stride for n in names]
        self.changed = sum((self.plane[c] != self.before[c]) << i for i, c in enumerate(cells))
        self.here = self.plane[self.place]
        self.e = self.plane[self.place + 1]
        self.s = self.plane[self.place + self.stride]
        others = (self.around["W"], self.around["N"], self.e, self.s)
        self.alike = sum((self.here == other) << i for i, other in enumerate(others))

    def pixels_at(self, x: int, y: int) -> int:
        """Decode a pixel, or a block; how many pixels it is."""
        age = self.age(self.tile_changed.get((x // 16, y // 8)))
        distance = x - self.last_x
        d = 0 if distance < 4 else 1 if distance < 16 else 2 if distance < 64 else 3
        where = 2 * d + self.above_changed
        fits = x + 16 <= self.width and self.left == 0
        north = slice(self.place - self.stride - 1, self.place - self.stride + 17)
        is_quiet = self.changed == 0 and self.plane[north] == self.before[north]

        # Stay
        if fits and self.rest == 0 and is_quiet:
            state = self.state("stay", self.stay_outcomes % 4, age, where, p=2**18)
            bit = state.decide(self.decoder)
            self.stay_outcomes = 2 * self.stay_outcomes + bit
            if not bit:
                return 16
            self.rest = 16
        self.excluded = self.here
        undecided = None
        if self.rest > 0:
            self.rest -= 1
            first = 2**22 // (self.rest + 1)
            state = self.state("within", self.alike == 15, self.rest, p=first, n=4)
            if self.rest > 0 and not state.decide(self.decoder):
                return 1
            self.rest = 0
        else:
            if self.changed == 0:
                state = self.state("quiet", age, where, self.alike, p=2**18)
            else:
                state = self.state("busy", age, self.changed, self.alike, p=2**20)
            if self.left == 0 and (self.changed == 0 or state.p < 2**14):
                if not state.decide(self.decoder):
                    return 1
            else:
                undecided, self.excluded = state, None

        # "One that leads elsewhere than from the cell of the band's first pixel to that of its last
        # is none: ... offset and run become 0 if offset is such a one."
        if not self.is_inside(self.place - self.offset):
            self.offset = self.run = 0
        count = 16
        if not (fits and self.block()):
            count = 1
            self.plane[self.place] = self.code()
        if undecided:
            undecided.learn(self.plane[self.place] != self.here)
        return count

    def is_inside(self, place: int) -> bool:
        """Whether a place is from that of the first pixel to that of the last."""
        return 3 * self.stride + 8 <= place < (self.rows + 3) * self.stride - 8

    def may_be_offset(self, offset: int) -> bool:
        """6.5.2: "a candidate is passed over"."""
        return offset != 0 and self.is_inside(self.place - offset)

    def relation(self, _code: int) -> int:
        """6.5.2: 1 if here is not excluded and in question, 2 if another code is, 3 if excluded."""
        return 3 if self.excluded is not None else 1 if _code == self.here else 2

    def more_experts(self) -> list[Expert]:
        """6.5.2: "A third expert is here"."""
        return [(self.here, ("before", self.changed, self.alike))]

    def other(self) -> int:
        """6.5.2: the number of w4."""
        return 256 + self.changed + 16 * self.alike

    def hashes(self) -> list[int]:
        """6.5.2: contexts 1, 10 and 11 are others."""
        hashes = super().hashes()
        here, e, s = self.here * M["Y"], self.e * M["NEEE"], self.s * M["X"]
        hashes[1] = self.hash("W, N") + here
        hashes[10] = here + e + s
        hashes[11] = self.hash("W") + here + e
        return hashes


# Section 7.1: checksums


def crc32(data: bytes, previous: int = 0) -> int:
    """Section 7.1; ``previous`` is the checksum that is continued (7.2)."""
    register = previous ^ 0xFFFFFFFF
    for byte in data:
        register = CRC_TABLE[(register ^ byte) & 0xFF] ^ (register >> 8)
    return register ^ 0xFFFFFFFF


def crc_of_byte(byte: int) -> int:
    """Eight steps of division by the reflected polynomial EDB88320."""
    for _ in range(8):
        byte = (byte >> 1) ^ (0xEDB88320 if byte & 1 else 0)
    return byte


CRC_TABLE = [crc_of_byte(byte) for byte in range(256)]


def pam(picture: Picture) -> bytes:
    """Write the picture as PAM: gray, gray and alpha, RGB, or RGB and alpha."""
    depth = len(picture.palette[0])
    kind = {1: "GRAYSCALE", 2: "GRAYSCALE_ALPHA", 3: "RGB", 4: "RGB_ALPHA"}[depth]
    header = (
        f"P7\nWIDTH {picture.width}\nHEIGHT {picture.height}\nDEPTH {depth}\n"
        f"MAXVAL 255\nTUPLTYPE {kind}\nENDHDR\n"
    )
    return header.encode("ascii") + b"".join(picture.pixels())


def main(arguments: list[str]) -> int:
    """Return 0 if the file was decoded, 1 if it could not be, 2 for a wrong call."""
    if len(arguments) != 2:
        print("usage: reference_decoder.py in.kmq out.pam", file=sys.stderr)
        return 2
    source, target = map(Path, arguments)
    try:
        target.write_bytes(pam(decode(source.read_bytes())))
    except KmqError as error:
        print(f"{source}: {type(error).__name__}: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
