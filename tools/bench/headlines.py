"""A handful of figures in Markdown, for the first page."""

from typing import Any

from .coding_figures import gain, size_totals
from .rows import BASE, PHOTOS, find, ratio, rows_of, short, speed

COLORS = (16, 64, 256)
RATE = {"colors": 64, "rate": 8}


def render_headlines(figures: dict[str, Any]) -> str:
    """What stands in README."""
    lines = [
        size_line(figures["modelled sizes"]),
        speed_line(figures["modelled speed"], figures["packed"]),
        palette_line(figures["quantizer psnr"], figures["quantizer speed"]),
        rate_line(figures["rate"]),
        lossy_line(figures["compare"]),
    ]
    return "\n".join(f"- {line}" for line in lines)


def slashed(values: list[str]) -> str:
    """Of each number of colors."""
    return " / ".join(values)


def size_line(part: dict[str, Any]) -> str:
    """Bytes by those of others, over all files."""
    total = size_totals(part)
    webp, jxl, png = (
        f"{total['bytes'] / total[peer]:.2f}"
        for peer in ("WebP -m6", "JPEG XL best of -e7, -e9", "oxipng -o4")
    )
    smallest = total["files"] - len(part["not_smallest"])
    return (
        f"**Size.** Files of {total['files']} indexed pictures (photographs, masks, screens, "
        f"sprites) are {webp} of what WebP lossless needs, {jxl} of JPEG XL and {png} of oxipng, "
        f"and the smallest of all on {smallest}."
    )


def speed_line(part: dict[str, Any], packed: dict[str, Any]) -> str:
    """Megapixels a second of photographs, modelled and packed."""
    rows = [find(rows_of(part), set=f"Kodak K={colors}")[0] for colors in COLORS]
    decode, encode = (
        slashed([short(speed(row, way)) for row in rows]) for way in ("decode", "encode")
    )
    jxl = slashed([short(gain(row, "decode", "jxl_least_decode")) for row in rows])
    (bytewise,) = find(rows_of(packed), bits=8)
    return (
        f"**Speed.** One thread decodes {decode} megapixels a second of photographs in "
        f"{slashed([*map(str, COLORS)])} colors, {jxl} times as fast as JPEG XL, and encodes their "
        f"indices at {encode}. Packed, 256 colors decode at {short(speed(bytewise, 'decode'))}."
    )


def palette_line(psnr: dict[str, Any], times: dict[str, Any]) -> str:
    """What is gained over imagequant, and how long that takes."""
    gains = [f"{find(rows_of(psnr), colors=colors)[0]['mean_gain']:.2f}" for colors in COLORS]
    time = find(rows_of(times), by="imagequant")[0]["time"]
    return (
        f"**Palettes.** Photographs have {slashed(gains)} dB more than with imagequant at as many "
        f"colors, at 256 in {time:.2f} of its time."
    )


def rate_line(part: dict[str, Any]) -> str:
    """What one rate saves and costs."""
    (row,) = find(rows_of(part), **RATE)
    return (
        f"**Rate.** `rate={RATE['rate']}` takes {-100 * row['bytes_gain']:.0f} % off photographs "
        f"of {RATE['colors']} colors for {-row['psnr_gain']:.2f} dB, in {row['time']:.1f} times "
        "the time."
    )


def lossy_line(part: dict[str, Any]) -> str:
    """Where another codec is the better choice."""
    rows = find(rows_of(part), set=PHOTOS, pipeline="AVIF -s6 4:4:4")
    shares = [f"{ratio(find(rows, setting=f'{colors} colors')[0]):.2f}" for colors in COLORS]
    return (
        f"**Not for photographs as such.** At the PSNR of {BASE.removesuffix(' modelled')}, AVIF "
        f"needs {slashed(shares)} of its bytes for them."
    )
