"""Keep a label mask exactly, and read a part of it.

label_mask.py MASK.png OUT.kmq
"""

import sys

import numpy as np
from PIL import Image

import kmcodec

source, target = sys.argv[1:]
mask = Image.open(source)  # of mode P or L: the indices are labels
shown = kmcodec.save(mask, target, exact=True)  # fails rather than lose a label
again = kmcodec.load(target)

assert shown.is_exact
assert again.mode == mask.mode
assert np.array_equal(np.asarray(again), np.asarray(mask))

middle = mask.width // 4, mask.height // 4, mask.width // 2, mask.height // 2
part = kmcodec.decode(target, box=middle)  # reads only the bands that it needs
print(f"{len(shown.palette)} labels, the part has {part.shape[1]} x {part.shape[0]} pixels")
