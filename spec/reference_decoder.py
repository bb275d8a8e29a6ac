"""A decoder of .kmq files to be read beside ``kmq.md``: slow, complete, in the order of the text.

Sentences in quotation marks are quoted from the specification; numbers are its sections.
Nothing but the standard library is used, and no code is shared with the kmcodec package.

    python spec/reference_decoder.py in.kmq out.pam
"""

import math
import struct
import sys
from collections.abc import Iterator
from dataclasses import dataclass
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
    """The picture has more pixels than the caller allows."""


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

DEFAULT_MAX_PIXELS = 178_956_970


@dataclass(frozen=True)
class Picture:
    """A decoded picture: ``indices`` is a list of rows, ``mode`` a name of section 3.4."""

    width: int
    height: int
    mode: str
    palette: list[tuple[int, ...]]
    indices: list[list[int]]
    metadata: dict[str, bytes]

    def pixels(self) -> list[bytes]:
        """Rows of samples (9.1): "The color of a pixel is palette[index]."."""
        return [b"".join(bytes(self.palette[index]) for index in row) for row in self.indices]

    def source_pixels(self) -> list[bytes]:
        """Rows of samples as the source mode stores them (9.2)."""
        if self.mode in ("P", "P_ALPHA"):
            return [bytes(row) for row in self.indices]
        if self.mode == "PA":
            colors = list(palette_colors(self.palette))
            pairs = [bytes((n, entry[3])) for n, entry in zip(colors, self.palette, strict=True)]
            return [b"".join(pairs[index] for index in row) for row in self.indices]
        return self.pixels()


def decode(data: bytes, max_pixels: int | None = DEFAULT_MAX_PIXELS) -> Picture:
    """Decode a whole file; ``max_pixels`` of None sets no limit."""
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
    # 3.5: "Bits 2 to 7 MUST be zero."
    if flags & 0b1111_1100:
        raise UnsupportedError("flags", f"{flags:#010b} has an unknown bit set")
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
    # 8.2: "A decoder MUST compare width * height with a limit of its caller."
    if max_pixels is not None and width * height > max_pixels:
        raise LimitError("width", f"{width} x {height} pixels exceed the limit of {max_pixels}")

    # Section 4: metadata. "Present if and only if the flag METADATA is set."

    metadata = dict(read_sections(reader)) if flags & 1 else {}

    # Section 5: palette. "color_count entries follow each other in index order." 5.3: "With the
    # flag CODED_PALETTE, the palette section has these two fields instead."

    order = None
    if flags & 2:
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
    reader.check_checksum()

    # Section 6: bands. "Band n holds the rows from n * band_rows up to, and not including,
    # the lesser of (n + 1) * band_rows and height."

    indices: list[list[int]] = []
    for first in range(0, height, band_rows):
        band_height = min(first + band_rows, height) - first
        (length,) = struct.unpack("<I", reader.take(4, "length"))
        # 6.2: "length MUST equal the number of rows of the band times row_bytes."
        if coding == PACKED and length != band_height * row_bytes:
            raise FormatError("length", f"{length} is not {band_height} * {row_bytes}")
        # 6.3: "length MUST NOT exceed the number of rows of the band times row_bytes."
        if length > band_height * row_bytes:
            raise FormatError("length", f"{length} exceeds {band_height} * {row_bytes}")
        payload = reader.take(length, "payload")
        reader.check_checksum()
        if coding == PACKED:
            for row in range(band_height):
                row_payload = payload[row * row_bytes : (row + 1) * row_bytes]
                indices.append(unpack_row(row_payload, width, bits, color_count))
        else:
            codes = decode_modelled(payload, band_height, width, color_count)
            # 6.3.1: "The code of a pixel is its index, unless the coded palette has an order:
            # then index = order[code] (5.3.4)."
            indices.extend([order[code] for code in row] if order else row for row in codes)

    # Section 2: "Nothing follows the last band."

    if reader.offset != len(data):
        raise FormatError("end", f"{len(data) - reader.offset} bytes follow the last band")
    return Picture(width, height, mode, palette, indices, metadata)


class Reader:
    """Takes bytes in file order and keeps the running checksum (7.1) of what was taken."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.offset = 0
        self.checksum = 0

    def take(self, count: int, field: str) -> bytes:
        """The next ``count`` bytes."""
        taken = self.data[self.offset : self.offset + count]
        if len(taken) < count:
            raise TruncatedError(field, f"{count} bytes needed, {len(taken)} left")
        self.offset += count
        self.checksum = crc32(taken, self.checksum)
        return taken

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
    """Number of the palette color of each entry in mode PA (5.2)."""
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
    """The palette in index order, and the order, if there is one."""
    # "palette_length has 1 to 3 bytes of 7 bits each, the least significant first."
    length = 0
    for i in range(3):
        (byte,) = reader.take(1, "palette_length")
        length += (byte & 0x7F) << (7 * i)
        if not byte & 0x80:
            break
    else:
        raise FormatError("palette_length", "bit 7 of the third byte is set")
    # "The last byte MUST NOT be 0, unless it is the only one."
    if i > 0 and byte == 0:
        raise FormatError("palette_length", "the last byte is 0")
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
        """The next bit, from which the probability of the one after it is learned."""
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
        """A residual of -below..above; ``earlier`` is the residual that gives the context."""
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


# Section 6.3: coding modelled. Arithmetic and constants


def saturate(number: int) -> int:
    """The nearest integer of 16 bits with sign."""
    return min(max(number, -(2**15)), 2**15 - 1)


def log2(v: int) -> int:
    """6.3.6: "e * 2^23 + (v - 2^e) * 2^(23 - e), where e = floor(log2(v))"."""
    e = v.bit_length() - 1
    return (e << 23) + ((v - (1 << e)) << (23 - e))


def stretch(p: int) -> int:
    """6.3.6: log odds of a probability in units of 2^-16."""
    return (log2(p) - log2(65536 - p)) >> 15


def squash(d: int) -> int:
    """6.3.6: the probability of log odds."""
    odds = (256 + abs(d) % 256) << (abs(d) // 256)
    p = odds * 2**16 // (odds + 256)
    return min(max(p if d >= 0 else 65536 - p, 16), 65520)


def rate(count: int) -> int:
    """6.3.7: how far a slot moves that was visited ``count`` times."""
    h = 18096 - 38 * count
    return (128 + h % 128) << (h // 128 - 134)


STRETCH = {s: stretch(s + 32776) for s in range(-32768, 32768, 16)}
SQUASH = {d: squash(d) for d in range(-3072, 3072)}
RATES = [rate(count) for count in range(16)]

# 6.3.4: "The multipliers are the powers of 9e3779b1 modulo 2^32"
NEIGHBORS = ["W", "N", "NW", "NE", "WW", "NN", "NEE", "NWW", "NNE", "NNW", "WWW", "NEEE"]
NEAR = NEIGHBORS[:6]
MULTIPLIERS = {
    name: pow(0x9E3779B1, i + 1, 2**32) for i, name in enumerate([*NEIGHBORS, "X", "Y", "PATH"])
}

# 6.3.1: hashed contexts, direct contexts, initial weight of a context, rate
PHOTO = (15, "", 1600, 18)
SLIM = (2, "W NE N NW", 4000, 32)
GRAPHICS = (13, "", 1846, 48)


def mixed(hashed: int) -> int:
    """6.3.4: "mixed(h) = ((h xor (h >> 15)) * 2c1b3c6d) mod 2^32"."""
    return (hashed ^ hashed >> 15) * 0x2C1B3C6D % 2**32


class Line:
    """6.3.5: slots 1 to 15, each with a state and a count, below a check."""

    def __init__(self, check: int = 0) -> None:
        self.check = check
        self.state = [0] * 16
        self.count = [0] * 16


def find_line(table: dict[int, list[Line]], hashed: int, log_lines: int) -> Line:
    """6.3.5: the line of a hash in the table of a context."""
    h = mixed(hashed)
    bucket = table.setdefault(h >> (33 - log_lines), [Line(), Line()])
    check = (h | 1) % 2**16
    for line in bucket:
        if line.check == check:
            return line
    # "Otherwise it is B if the count of slot 1 of B is less than that of A, else A. The line is
    # cleared"
    which = int(bucket[1].count[1] < bucket[0].count[1])
    bucket[which] = Line(check)
    return bucket[which]


def decode_modelled(payload: bytes, rows: int, width: int, color_count: int) -> list[list[int]]:
    """6.3: the rows of codes of a band."""
    # "With one color, every code is 0, every payload is empty, and nothing is decided."
    if color_count == 1:
        return [[0] * width for _ in range(rows)]
    decoder = RangeDecoder(payload, "payload")
    graphics = decoder.decide(PLAIN) == 1
    band = Band(decoder, rows, width, color_count, graphics)
    # 6.3.2: "Before the first pixel of a row, the 8 cells left of it are set to the code in the
    # cell above that pixel; after its last pixel, the 8 cells right of it to the code of that
    # pixel."
    plane = band.plane
    for y in range(rows):
        first = (y + 3) * band.stride + 8
        plane[first - 8 : first] = [plane[first - band.stride]] * 8
        for x in range(width):
            plane[first + x] = band.code(x, y)
        plane[first + width : first + width + 8] = [plane[first + width - 1]] * 8
    decoder.check_end()
    starts = [(y + 3) * band.stride + 8 for y in range(rows)]
    return [plane[start : start + width] for start in starts]


class Band:
    """The plane of a band and all that is learned from it."""

    def __init__(
        self, decoder: RangeDecoder, rows: int, width: int, color_count: int, graphics: bool
    ) -> None:
        self.decoder = decoder
        self.width = width
        self.color_count = color_count
        self.graphics = graphics
        self.bits = bits = (color_count - 1).bit_length()
        # 6.3.1: "photo otherwise"
        pixels = rows * width
        self.slim = not graphics and bits in (7, 8) and pixels >= 2**18
        model = GRAPHICS if graphics else SLIM if self.slim else PHOTO
        hashed, direct, weight, self.rate = model
        self.direct = direct.split()
        # "log_lines = min(max(7, ceil(log2(2 * pixels))), 13 if bits <= 4, else 14)"
        self.log_lines = min(max(7, (2 * pixels - 1).bit_length()), 13 if bits <= 4 else 14)
        # "log_places = min(max(8, ceil(log2(pixels))), 16)"
        self.log_places = min(max(8, (pixels - 1).bit_length()), 16)
        # 6.3.2
        self.stride = width + 16
        self.plane = [0] * ((rows + 3) * self.stride)
        row, row2 = self.stride, 2 * self.stride
        backward = [1, row, row + 1, row - 1, 2, row2, row - 2, row + 2, row2 - 1, row2 + 1, 3]
        self.backward = dict(zip(NEIGHBORS, [*backward, row - 3], strict=True))
        # 6.3.3: bits of each level
        levels = -(-bits // 4)
        self.levels: list[int] = []
        for level in range(levels):
            self.levels.append(-(-(bits - sum(self.levels)) // (levels - level)))
        # 6.3.5
        self.tables: list[dict[int, list[Line]]] = [{} for _ in range(hashed)]
        self.direct_lines: dict[tuple[str, int, int], Line] = {}
        # 6.3.6: rows of the four weight sets, made where they are first used
        contexts = hashed + len(self.direct)
        inputs = contexts + (2 if graphics else 1)
        self.first_row = [weight] * contexts + [0] * (inputs - contexts)
        self.other_row = [0] * inputs
        self.weights: dict[tuple[int, int, int], list[int]] = {}
        # 6.3.3: "how many bits of codes have been decided in the band before this one"
        self.tick = 0
        # 6.3.8: p and n of each flat state
        self.flat = [[2**21, 0] for _ in range(64)]
        # 6.3.9
        self.near = [0] * (1 << self.log_places)
        self.far = [0] * (1 << self.log_places)
        self.above = [0] * width
        self.last = 0
        self.history = 0
        self.match_p: dict[tuple[int, int, bool, bool], int] = {}

    def code(self, x: int, y: int) -> int:
        """6.3.3: the code of a pixel."""
        place = (y + 3) * self.stride + 8 + x
        around = {name: self.plane[place - back] for name, back in self.backward.items()}
        flat = self.graphics and all(around[name] == around["W"] for name in NEAR)
        if flat and not self.decide_flat(around):
            return around["W"]
        hashes = self.hashes(around, x, y)
        if flat:
            # 6.3.4: "If the flat decision of a pixel was 1, 07654321 is added to each hash."
            hashes = [h + 0x07654321 for h in hashes]
        offset, score = self.find_match(around, place, x) if self.graphics else (0, 0)
        # 6.3.9: "guess is the code in the cell at place - offset, plus 2^bits"
        guess = self.plane[place - offset] + (1 << self.bits) if offset else 0
        equal, other = self.surroundings(around, x)

        path, left = 1, self.bits
        for level, level_bits in enumerate(self.levels):
            lines = self.find_lines(hashes, around, level, path)
            node = 1
            for _ in range(level_bits):
                # Forced "if (2 * path + 1) * 2^(left - 1) - 2^bits >= color_count"
                bit = 0
                if ((2 * path + 1) << (left - 1)) - (1 << self.bits) < self.color_count:
                    agree = self.agreement(around, path, left)
                    key = (score, self.history, level > 0, node > 1)
                    matching = offset > 0 and guess >> left == path
                    guessed = (guess >> (left - 1)) % 2
                    inputs = [STRETCH[line.state[node]] for line in lines]
                    q = self.match_p.get(key, 49152)
                    if self.graphics:
                        sign = 1 if guessed else -1
                        inputs.append(sign * stretch(q) if matching else 0)
                    inputs.append(256)
                    bit = self.decide(inputs, lines, node, path, left, (equal, agree, other))
                    if matching:
                        step = (65535 - q) >> 5 if bit == guessed else -(q >> 5)
                        self.match_p[key] = q + step
                path, node, left = 2 * path + bit, 2 * node + bit, left - 1

        if self.graphics:
            # "After the last bit of a pixel, last becomes 0." "If there is a match"
            self.last = 0
            if offset:
                self.history = (2 * self.history + (guess != path)) % 4
                self.last = offset if guess == path else 0
                self.above[x] = offset
        return path - (1 << self.bits)

    def hashes(self, around: dict[str, int], x: int, y: int) -> list[int]:
        """6.3.4: hashes of the hashed contexts, not yet reduced modulo 2^32."""
        t3, t5, t6 = (max(self.bits - t, 0) for t in (3, 5, 6))

        def term(name: str, shift: int = 0) -> int:
            return (around[name] >> shift) * MULTIPLIERS[name]

        def area(a: int, b: int) -> int:
            return a * MULTIPLIERS["Y"] + b * MULTIPLIERS["X"]

        w, n, nw, ne, ww = (term(name) for name in ("W", "N", "NW", "NE", "WW"))
        common = [w + ww, area(y >> 3, x >> 4)]
        if self.slim:
            return common
        low, high = sorted((around["W"], around["N"]))
        gradient = min(max(low + high - around["NW"], low), high) * MULTIPLIERS["N"]
        common += [
            w + term("NEE"),
            w + n,
            ne,
            n + term("NN"),
            sum(term(name, t3) for name in NEAR),
            term("W", t5) + term("N", t5) + term("NE", t5) + area(0, x >> 5),
        ]
        if self.graphics:
            four = w + n + nw + ne
            return [
                *common,
                four,
                four + ww + term("NN") + term("NEE") + term("NWW"),
                gradient,
                w + area(0, x >> 4),
                term("W", t6) + term("N", t6),
            ]
        return [
            *common,
            w,
            n,
            nw,
            ne + area(0, x >> 4),
            gradient + area(0, x >> 5),
            w + ww + nw + term("NWW"),
            area((y + 4) >> 3, (x + 8) >> 4),
        ]

    def find_lines(
        self, hashes: list[int], around: dict[str, int], level: int, path: int
    ) -> list[Line]:
        """6.3.5: the line of each context, found anew for each level."""
        # "In levels after the first, path * m(PATH) is added to each hash."
        step = path * MULTIPLIERS["PATH"] if level else 0
        lines = [
            find_line(table, (h + step) % 2**32, self.log_lines)
            for h, table in zip(hashes, self.tables, strict=True)
        ]
        for name in self.direct:
            key = (name, around[name], path)
            lines.append(self.direct_lines.setdefault(key, Line()))
        return lines

    def surroundings(self, around: dict[str, int], x: int) -> tuple[int, int]:
        """6.3.6: equal and other."""

        def compared(pairs: str) -> int:
            names = [pair.split("=") for pair in pairs.split()]
            return sum((around[a] == around[b]) << i for i, (a, b) in enumerate(names))

        equal = compared("W=N W=NW N=NW N=NE W=WW N=NN")
        if self.graphics:
            other = compared("NE=NEE NW=NWW W=NE NE=NNE NW=NNW WW=NWW N=WW W=NN")
        else:
            other = (x * (2**22 // self.width)) >> 16
        return equal, other

    def agreement(self, around: dict[str, int], path: int, left: int) -> int:
        """6.3.6: agree."""
        names = ("W", "N", "NE", "NW", "WW", "NN")
        paths = [(around[name] + (1 << self.bits)) >> left for name in names]
        return sum((paths[i] == path) << i for i in range(6))

    def decide(
        self,
        inputs: list[int],
        lines: list[Line],
        node: int,
        path: int,
        left: int,
        chosen: tuple[int, int, int],
    ) -> int:
        """6.3.6 and 6.3.7: predict a bit, decide it, learn from it."""
        first = min(path, (1 << min(self.bits, 10)) - 1)
        rows = [self.weights.setdefault((0, first, 0), self.first_row[:])]
        for number, value in enumerate(chosen, start=1):
            key = (number, value, self.bits - left)
            rows.append(self.weights.setdefault(key, self.other_row[:]))
        # "sum of input * saturate(saturate(w0 + w1) + saturate(w2 + w3)) over all inputs"
        total = 0
        for number, w0, w1, w2, w3 in zip(inputs, *rows, strict=True):
            total += number * saturate(saturate(w0 + w1) + saturate(w2 + w3))
        p = SQUASH[min(max(total >> 14, -3072), 3071)]
        bit = self.decoder.decide(p)

        error = (65536 * bit - p) * (self.rate + 2**19 // (self.tick + 8192))
        error = saturate(error >> 8)
        for i, number in enumerate(inputs):
            delta = ((number * error >> 16) + 1) >> 1
            for row in rows:
                row[i] = saturate(row[i] + delta)
        target = 16383 if bit else -16384
        dither = 7 * self.tick % 16
        for line in lines:
            state, count = line.state[node], line.count[node]
            step = ((target - (state >> 1)) * RATES[count] >> 16) * 4
            # "The new state is the greatest multiple of 16 that is not above
            # saturate(state + step + dither)."
            moved = saturate(state + step + dither)
            line.state[node] = moved - moved % 16
            line.count[node] = min(count + 1, 15)
        self.tick += 1
        return bit

    def decide_flat(self, around: dict[str, int]) -> int:
        """6.3.8: whether the code of a pixel in a flat area is not W."""
        names = ("NEE", "NWW", "NNE", "NNW", "WWW", "NEEE")
        state = self.flat[sum((around[names[i]] == around["W"]) << i for i in range(6))]
        p, n = state
        bit = self.decoder.decide(p, 22)
        step = 2**17 // (2 * n + 3)
        # "p grows by ((2^22 - 1 - p) * step) >> 16 if the bit was 1, or shrinks by (p * step) >>
        # 16 if it was 0"
        p += (2**22 - 1 - p) * step >> 16 if bit else -(p * step >> 16)
        state[:] = max(p, 8), min(n + 1, 250)
        return bit

    def find_match(self, around: dict[str, int], place: int, x: int) -> tuple[int, int]:
        """6.3.9: the offset of the match of a pixel, or 0, and its score."""

        def slot(names: list[str]) -> int:
            h = sum(around[name] * MULTIPLIERS[name] for name in names)
            return mixed(h % 2**32) >> (32 - self.log_places)

        near, far = slot(NEAR), slot(NEIGHBORS)
        offsets = [self.last, self.above[x]]
        # "An entry of 0 gives no candidate."
        offsets += [place - found if found else 0 for found in (self.far[far], self.near[near])]
        self.far[far] = self.near[near] = place
        # "The match is the candidate with the greatest score; of several, the first. If that
        # score is below 4, there is no match."
        best = (0, 3)
        for offset in offsets:
            score = sum(
                self.plane[place - offset - back] == around[name]
                for name, back in self.backward.items()
            )
            if offset and score > best[1]:
                best = (offset, score)
        return best


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
    """The picture as a PAM file: gray, gray and alpha, RGB, or RGB and alpha."""
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
