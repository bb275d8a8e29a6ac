"""Give many pictures one palette, each a .kmq beside it.

tile_set.py COLORS PICTURE...
"""

import sys
from pathlib import Path

from PIL import Image

import kmcodec

colors, paths = int(sys.argv[1]), [Path(name) for name in sys.argv[2:]]
results = kmcodec.quantize_many((Image.open(path) for path in paths), colors)
for path, (palette, indices) in zip(paths, results, strict=True):
    path.with_suffix(".kmq").write_bytes(kmcodec.encode_indexed(palette, indices))
print(
    f"{len(paths)} pictures, {len(results[0].palette)} colors, {results[0].psnr:.1f} dB the first"
)
