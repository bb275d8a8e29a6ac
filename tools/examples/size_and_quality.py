"""Print bytes and PSNR by number of colors.

size_and_quality.py PICTURE
"""

import sys

from PIL import Image

import kmcodec

image = Image.open(sys.argv[1])
print("colors    bytes      PSNR")
for colors in (2, 4, 8, 16, 32, 64, 128, 256):
    data = kmcodec.encode(image, colors)
    print(f"{colors:6} {len(data):8,} {data.psnr:6.2f} dB")
    if data.is_exact:
        break
