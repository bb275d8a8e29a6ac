"""Build small ICC profiles by hand, as ICC.1 lays them out."""

import struct


def gray_profile(gamma=3.0):
    """Build a gray profile whose tones are a power of that exponent."""
    return _profile(b"GRAY", b"XYZ ", {b"kTRC": _curve(round(gamma * 256))})


def cmyk_profile():
    """Build a CMYK profile by which every ink is black: each takes a quarter of the light."""
    corners = [bits.bit_count() for bits in range(16)]
    table = b"".join(struct.pack(">3H", 0xFF00 * (4 - n) // 4, 0x8000, 0x8000) for n in corners)
    matrix = struct.pack(">9i", *(0x10000 * (i % 4 == 0) for i in range(9)))
    ramp = struct.pack(">2H", 0, 0xFFFF)
    lut = b"mft2" + struct.pack(">I4B", 0, 4, 3, 2, 0) + matrix + struct.pack(">2H", 2, 2)
    return _profile(b"CMYK", b"Lab ", {b"A2B0": lut + ramp * 4 + table + ramp * 3})


def _curve(gamma):
    return b"curv" + struct.pack(">IIH", 0, 1, gamma) + b"\0\0"


def _profile(space, connection, tags):
    white = b"XYZ " + struct.pack(">I3i", 0, 0xF6D6, 0x10000, 0xD32D)
    tags = {b"wtpt": white, **tags}
    offset = 128 + 4 + 12 * len(tags)
    directory, data = struct.pack(">I", len(tags)), b""
    for name, value in tags.items():
        directory += name + struct.pack(">2I", offset + len(data), len(value))
        data += value + bytes(-len(value) % 4)
    size = offset + len(data)
    head = struct.pack(">I4xI4s4s4s", size, 0x02400000, b"prtr", space, connection).ljust(36, b"\0")
    illuminant = struct.pack(">3i", 0xF6D6, 0x10000, 0xD32D)
    return (head + b"acsp").ljust(68, b"\0") + illuminant + bytes(48) + directory + data
