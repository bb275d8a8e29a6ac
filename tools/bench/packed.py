"""Packed coding at every index width: speed and memory beside PNG, ways to pack bits."""

import io
import sys
from typing import Any

import numpy as np
from bitarray import bitarray
from PIL import Image

import kmcodec
from kmcodec.coding.packed import encode_indices
from kmcodec.format import index_bits
from kmcodec.libkmq import binding

from .generated import surface
from .installed import stamp
from .measure import Call, seconds, traced_bytes

COLUMNS = [
    "bits",
    "pixels",
    "encode_seconds",
    "decode_seconds",
    "png_encode_seconds",
    "png_decode_seconds",
    "encode_bytes",
    "decode_bytes",
]


def measure_packed(size: int) -> dict[str, Any]:
    """Speed and memory of square pictures of a noisy surface, this many pixels on a side."""
    rng = np.random.default_rng(0)
    rows = []
    for bits in range(1, 17):
        indices = surface(size, 1 << bits, 0.1).astype(np.uint8 if bits <= 8 else np.uint16)
        palette = rng.integers(0, 256, (1 << bits, 3)).astype(np.uint8)
        rows.append([bits, size * size, *measure_width(palette, indices)])
    return {**stamp(), "size": size, "columns": COLUMNS, "rows": rows}


def measure_width(palette: np.ndarray, indices: np.ndarray) -> list[float]:
    """Seconds to encode and decode, those of PNG of 8 bits a pixel, and most bytes held."""
    image = Image.fromarray((indices >> max(0, index_bits(len(palette)) - 8)).astype(np.uint8))
    image.putpalette(palette[:256].tobytes())
    file = io.BytesIO()
    image.save(file, "PNG", bits=8)
    data = kmcodec.encode_indexed(palette, indices, coding="packed")
    calls: tuple[Call, ...] = (
        lambda: kmcodec.encode_indexed(palette, indices, coding="packed", threads=1),
        lambda: kmcodec.decode(data, threads=1),
        lambda: image.save(io.BytesIO(), "PNG", bits=8),
        lambda: Image.open(file).convert("RGB"),
    )
    return [*seconds(*calls, runs=7), *map(traced_bytes, calls[:2])]


def pack_with_numpy(indices: np.ndarray, bits: int) -> bytes:
    """Four indices to a 64-bit word, or what NumPy has ready made at 1, 8 and 16 bits."""
    if bits == 1:
        return np.packbits(indices, axis=1).tobytes()
    if bits in (8, 16):
        return indices.astype(">u2" if bits == 16 else "u1").tobytes()
    groups = indices.reshape(-1, 4)
    words = np.zeros(len(groups), np.uint64)
    for column in range(4):
        words = words << np.uint64(bits) | groups[:, column]
    if bits % 2:  # two groups of odd width share a byte
        pairs = words.reshape(-1, 2)
        high = pairs[:, 0] << np.uint64(64 - 4 * bits)
        low = pairs[:, 1] << np.uint64(64 - 4 * bits) >> np.uint64(4)
        low |= (pairs[:, 0] & np.uint64(15)) << np.uint64(60)
        first = high.astype(">u8").view("u1").reshape(-1, 8)[:, : bits // 2]
        second = low.astype(">u8").view("u1").reshape(-1, 8)[:, : bits - bits // 2]
        return np.hstack((first, second)).tobytes()
    shifted = words << np.uint64(64 - 4 * bits)
    return shifted.astype(">u8").view("u1").reshape(-1, 8)[:, : bits // 2].tobytes()


def pack_with_bitarray(indices: np.ndarray, bits: int) -> bytes:
    """Each bit plane to its places of one bit array."""
    packed = bitarray(indices.size * bits, endian="big")
    for bit in range(bits):
        plane = bitarray(endian="big")
        plane.frombytes(np.packbits(indices >> (bits - 1 - bit) & 1).tobytes())
        packed[bit::bits] = plane
    return packed.tobytes()


def measure_packing(size: int) -> None:
    """Speed of all ways, whose bytes must agree."""
    print(f"{size} x {size} indices of noise, MP/s")
    print("bits    ours   NumPy  bitarray   as used")
    for bits in range(1, 17):
        indices = np.random.default_rng(0).integers(0, 1 << bits, (size, size))
        indices = indices.astype(np.uint8 if bits <= 8 else np.uint16)
        packed = bytearray(size * size * bits // 8)
        ways = (
            lambda: binding.pack_indices(indices, 1 << bits, packed) or packed,  # noqa: B023
            lambda: pack_with_numpy(indices, bits),  # noqa: B023
            lambda: pack_with_bitarray(indices, bits),  # noqa: B023
            lambda: encode_indices(indices, 1 << bits),  # noqa: B023
        )
        if len({bytes(way()) for way in ways}) != 1:
            sys.exit(f"kmq-bench: packings of {bits} bits differ")
        speeds = [size * size / taken / 1e6 for taken in seconds(*ways, runs=3)]
        print("{:4}  {:6.0f}  {:6.0f}  {:8.0f}  {:8.0f}".format(bits, *speeds))
