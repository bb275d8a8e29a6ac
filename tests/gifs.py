"""GIF and APNG files, made byte by byte."""

import struct
import zlib

COLORS = bytes.fromhex("ff0000 00ff00 0000ff ffffff")
RED, GREEN, BLUE, WHITE = (tuple(COLORS[i : i + 3]) for i in range(0, 12, 3))
NOTHING = (0, 0, 0, 0)
SIGNATURE = b"\x89PNG\r\n\x1a\n"


def gif(size, frames, loop=None, colors=COLORS, version=b"GIF89a", end=b";"):
    """Make a GIF file of a screen's size, frames, and the number in its extension for loops."""
    table = 0x80 | (len(colors) // 3).bit_length() - 2 if colors else 0
    data = version + struct.pack("<2H3B", *size, table, 3, 0) + colors
    if loop is not None:
        data += b"!\xff\x0bNETSCAPE2.0\x03\x01" + struct.pack("<HB", loop, 0)
    return data + b"".join(frames) + end


def gif_frame(
    rows, left=0, top=0, disposal=0, hundredths=10, transparent=None, colors=b"", control=True
):
    """Make a frame of rows of digits, each of which is an entry of the table."""
    data = b""
    if control:
        flags = disposal << 2 | (transparent is not None)
        data = b"!\xf9\x04" + struct.pack("<BHBB", flags, hundredths, transparent or 0, 0)
    table = 0x80 | (len(colors) // 3).bit_length() - 2 if colors else 0
    data += b"," + struct.pack("<4HB", left, top, len(rows[0]), len(rows), table) + colors
    return data + b"\x02" + blocks(lzw([int(digit) for digit in "".join(rows)]))


def blocks(data):
    """Cut data into blocks of GIF, and end them."""
    parts = [data[start : start + 255] for start in range(0, len(data), 255)]
    return b"".join(bytes([len(part)]) + part for part in parts) + b"\0"


def lzw(indices):
    """Code indices of two bits, starting anew so often that codes stay three bits wide."""
    codes = [4]
    for place, index in enumerate(indices):
        codes += [4, index] if place and place % 2 == 0 else [index]
    number, bits = 0, 0
    for code in [*codes, 5]:
        number |= code << bits
        bits += 3
    return number.to_bytes(-(-bits // 8), "little")


def apng(size, frames, plays=0, default=None, told=None, kind=6, palette=b""):
    """Make an APNG file of RGBA, or another color type of PNG, with ``apng_frame`` frames.

    Args:
        size: of the canvas.
        frames: of ``apng_frame``.
        plays: as in its control.
        default: rows of an image that is no frame.
        told: of how many frames the control tells.
        kind: color type.
        palette: chunks between header and control.
    """
    header = struct.pack(">2I5B", *size, 8, kind, 0, 0, 0)
    data = SIGNATURE + png_chunk(b"IHDR", header) + palette
    data += png_chunk(b"acTL", struct.pack(">2I", len(frames) if told is None else told, plays))
    if default:
        data += png_chunk(b"IDAT", png_rows(default))
    part = 0
    for number, (control, rows) in enumerate(frames):
        data += png_chunk(b"fcTL", struct.pack(">I", part) + control)
        part += 1
        if number == 0 and not default:
            data += png_chunk(b"IDAT", png_rows(rows))
            continue
        coded = png_rows(rows)
        for piece in (coded[:9], coded[9:]):
            data += png_chunk(b"fdAT", struct.pack(">I", part) + piece)
            part += 1
    return data + png_chunk(b"IEND", b"")


def apng_frame(rows, left=0, top=0, fraction=(1, 10), disposal=0, blend=0):
    """Make a frame of rows of samples, each a tuple."""
    size = len(rows[0]), len(rows)
    return struct.pack(">4I2H2B", *size, left, top, *fraction, disposal, blend), rows


def png_rows(rows):
    """Code rows of pixels without a filter."""
    return zlib.compress(b"".join(b"\0" + b"".join(map(bytes, row)) for row in rows))


def png_chunk(kind, data):
    """Make a chunk of PNG."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
