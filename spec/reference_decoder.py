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
    # 3.3: "0 | packed"
    if coding != 0:
        raise UnsupportedError("coding", f"{coding} is not supported")
    # 3.4
    if mode_value not in MODES:
        raise UnsupportedError("mode", f"{mode_value} is not supported")
    mode, channels, max_colors = MODES[mode_value]
    # 3.5: "Bits 1 to 7 MUST be zero."
    if flags & 0b1111_1110:
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
    # 8.2: "A decoder MUST compare width * height with a limit of its caller."
    if max_pixels is not None and width * height > max_pixels:
        raise LimitError("width", f"{width} x {height} pixels exceed the limit of {max_pixels}")

    # Section 4: metadata. "Present if and only if the flag METADATA is set."

    metadata = dict(read_sections(reader)) if flags & 1 else {}

    # Section 5: palette. "color_count entries follow each other in index order."

    entries = reader.take(color_count * channels, "palette")
    palette = [tuple(entries[i : i + channels]) for i in range(0, len(entries), channels)]
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
        if length != band_height * row_bytes:
            raise FormatError("length", f"{length} is not {band_height} * {row_bytes}")
        payload = reader.take(length, "payload")
        reader.check_checksum()
        for row in range(band_height):
            row_payload = payload[row * row_bytes : (row + 1) * row_bytes]
            indices.append(unpack_row(row_payload, width, bits, color_count))

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
