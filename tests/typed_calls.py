"""Right and wrong calls, for type checkers: each wrong one must be an error, or its comment is."""

from fractions import Fraction
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image

import kmcodec
from kmcodec import report

image = Image.new("RGB", (4, 3))
pixels = np.zeros((3, 4, 3), np.uint8)

data: bytes = kmcodec.encode(image)
exact: bool = kmcodec.encode(pixels, 16, dither=0.5, dithering="ordered", exact=False).is_exact
kmcodec.encode(pixels > 3, coding="packed", comment="text", dpi=(72, 72))
kmcodec.encode(image, palette=["#ff0000", "black"], fixed=None)
kmcodec.encode(image, palette=b"rgbrgb", dither=Image.Dither.ORDERED)
kmcodec.encode(image, psnr=36, seeding="k-means++", space="oklab")
kmcodec.encode(image, keep_hidden=True)
kmcodec.encode(image, psnr=(30, 36), progress=lambda stage, done, total: None)
palette, indices = kmcodec.quantize(image, 64, rate=8, threads=2)
palettes = [result.palette for result in kmcodec.quantize_many([image, pixels], 64)]
kmcodec.encode_indexed(palette, indices, band_rows=8, slack=0)
kmcodec.save(image, "a.kmq", 16, speed=1).psnr
kmcodec.save(image, Path("a.kmq"))
kmcodec.save(image, BytesIO())
for source in ("a.kmq", Path("a.kmq"), data, bytearray(data), BytesIO(data)):
    kmcodec.decode(source, box=(0, 0, 1, 1), max_pixels=None)
    kmcodec.decode_indexed(source, threads=1, progress=None)
    kmcodec.load(source, progress=print).size
    kmcodec.info(source, check=True).bits["file"]
    kmcodec.decode_frames(source, start=1, stop=None, max_frames=9, max_total_pixels=None)
film: bytes = kmcodec.encode_frames([image, pixels], 16, duration=40, loop=0, key_interval=9)
kmcodec.encode_frames((image for _ in "ab"), duration=[33.3, Fraction(1001, 30)], comment="text")
kmcodec.save_frames([image], Path("a.kmq"), None, dither=1).frame_count
for frame in kmcodec.decode_frames(film, threads=1):
    kmcodec.encode(frame.pixels, 16, comment=str(frame.duration.numerator))
report.write_report(image, Path("a.html"), 16, name="a", dither="auto").bits_per_pixel
page: bytes = report.make_page(report.measure_file(BytesIO(data), max_pixels=None), "a")

kmcodec.encode("a.png")  # type: ignore[arg-type]  # a path is no picture
kmcodec.encode(image, colours=16)  # type: ignore[call-arg]
kmcodec.encode(image, quality=85)  # type: ignore[call-arg]
kmcodec.encode(image, coding="zip")  # type: ignore[arg-type]
kmcodec.encode(image, dither="auto")
kmcodec.encode(image, dither="full")  # type: ignore[arg-type]
kmcodec.encode(image, dithering="bayer")  # type: ignore[arg-type]
kmcodec.encode(image, speed="fast")  # type: ignore[arg-type]
kmcodec.encode(image, keep_hidden="all")  # type: ignore[arg-type]
kmcodec.encode(image=image)  # type: ignore[call-arg]
kmcodec.quantize(image, coding="packed")  # type: ignore[call-arg]
kmcodec.encode_indexed(palette, indices, dither=1)  # type: ignore[call-arg]
kmcodec.encode_frames(image)  # type: ignore[arg-type]
kmcodec.encode_frames([image], duration="40")  # type: ignore[arg-type]
kmcodec.encode_frames([image], delay=40)  # type: ignore[call-arg]
kmcodec.decode_frames(film, start="0")  # type: ignore[arg-type]
kmcodec.save(image)  # type: ignore[call-arg]
kmcodec.decode(image)  # type: ignore[arg-type]
kmcodec.decode(data, threads="2")  # type: ignore[arg-type]
kmcodec.decode(data, progress=lambda stage: None)  # type: ignore[arg-type,misc]
kmcodec.encode(image, progress=lambda stage, step: None)  # type: ignore[arg-type,misc]
report.measure_picture(image, colours=16)  # type: ignore[call-arg]
report.measure_file(image)  # type: ignore[arg-type]
kmcodec.quantize(image).mse = 0  # type: ignore[misc]
