"""How time and memory grow with pixels, colors and threads, on generated pictures."""

import sys
from typing import Any

import kmcodec

from .generated import photo
from .installed import stamp
from .measure import Call, Pixels, first_run, median_seconds

MEGAPIXELS = (0.1, 1, 10, 100)
COLORS = (2, 16, 256, 4096, 65536)
THREADS = (1, 2)
COLUMNS = [
    "axis",
    "megapixels",
    "colors",
    "threads",
    "bytes",
    "encode_seconds",
    "decode_seconds",
    "encode_mib",
    "decode_mib",
]


def scale(most_megapixels: float, most_colors: int) -> dict[str, Any]:
    """A row for each size at 256 colors, and for each number of colors at a megapixel."""
    rows = []
    for size in MEGAPIXELS:
        if size <= most_megapixels:
            rows += measure("pixels", size, 256)
    for colors in COLORS:
        if colors <= most_colors:
            rows += measure("colors", min(1, most_megapixels), colors)
    return {**stamp(), "columns": COLUMNS, "rows": rows}


def encoder(pixels: Pixels, colors: int, threads: int) -> Call:
    """The call that encodes a picture."""
    return lambda: kmcodec.encode(pixels, colors, threads=threads)


def decoder(data: bytes, threads: int) -> Call:
    """The call that decodes a file."""
    return lambda: kmcodec.decode(data, threads=threads)


def measure(axis: str, megapixels: float, colors: int) -> list[list[Any]]:
    """One picture with each number of threads."""
    pixels = photo(megapixels)
    encoders = {threads: encoder(pixels, colors, threads) for threads in THREADS}
    encoded = {threads: first_run(call) for threads, call in encoders.items()}
    data = encoded[1].value
    if any(run.value != data for run in encoded.values()):
        sys.exit("kmq-bench: the number of threads changes the bytes")
    decoders = {threads: decoder(data, threads) for threads in THREADS}
    decoded = {threads: first_run(call) for threads, call in decoders.items()}
    encode_seconds = median_seconds(encoders, encoded)
    decode_seconds = median_seconds(decoders, decoded)
    print(f"{megapixels} megapixels, {colors} colors", file=sys.stderr, flush=True)
    return [
        [
            axis,
            megapixels,
            colors,
            threads,
            len(data),
            encode_seconds[threads],
            decode_seconds[threads],
            encoded[threads].mib,
            decoded[threads].mib,
        ]
        for threads in THREADS
    ]
