"""imageio: .kmq to and from bytes. Paths need nothing but ``import kmcodec``."""

import sys
from pathlib import Path

import imageio.v3 as iio

import kmcodec  # noqa: F401  (registers KMQ with Pillow, which imageio calls)


def main(source: str, target: str) -> None:
    """Read a .kmq through the library, and write it through that again."""
    pixels = iio.imread(Path(source).read_bytes())
    # Without plugin="pillow" imageio asks others first, and does not tell Pillow the extension.
    data = iio.imwrite("<bytes>", pixels, plugin="pillow", extension=".kmq", colors=16)
    Path(target).write_bytes(data)


if __name__ == "__main__":
    main(*sys.argv[1:])
