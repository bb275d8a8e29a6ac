"""Set the numbers of a report in tables."""

from collections.abc import Iterable, Sequence
from html import escape
from typing import Any, Final

from .charts import bar

Numbers = dict[str, Any]
_PARTS: Final = {
    "indices": "indices of the pixels",
    "palette": "palette",
    "header": "header",
    "frames": "times of the frames",
    "metadata": "metadata",
    "lengths": "lengths",
    "checksums": "checksums",
    "row_padding": "padding of rows",
}
"""The parts of a file, each with its color in the style sheet by its place."""


def cards(told: Numbers) -> str:
    """Return the numbers to see first."""
    share = 100 * 8 * told["bytes"] / told["bits"]["raw"]
    found = {
        "bytes": f"{told['bytes']:,}",
        "bits a pixel": _three_digits(told["bits_per_pixel"]),
        "share of 24 bits a pixel": f"{_three_digits(share)} %",
        "colors": f"{told['colors']:,}",
    }
    if told["oklab"]:
        found["PSNR"] = "exact" if told["psnr"] is None else f"{told['psnr']:.2f} dB"
    return "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in found.items())


def parts_bar(told: Numbers) -> str:
    """Return a bar of the parts of the file."""
    bits = {title: told["bits"][name] for name, title in _PARTS.items()}
    shown = ", ".join(f"{name} {_percent(n, told)}" for name, n in bits.items() if n)
    return f'<div class="bar">{bar(bits, f"Parts of the file: {shown}")}</div>'


def parts_table(told: Numbers) -> str:
    """Return a table of the parts of the file."""
    rows = [
        (_key(number) + title, f"{bits / 8:,.10g}", f"{bits:,}", _percent(bits, told))
        for number, (name, title) in enumerate(_PARTS.items())
        if (bits := told["bits"][name])
    ]
    rows.append(("the file", f"{told['bytes']:,}", f"{8 * told['bytes']:,}", "100 %"))
    return _table("The file", ("part", "bytes", "bits", "share"), rows, this=len(rows) - 1)


def peers_table(told: Numbers) -> str:
    """Return a table of the bytes of other formats."""
    pixels = told["bits"]["raw"] / 24
    sizes = {"24 bits a pixel": told["bits"]["raw"] // 8, **told["peers"], "KMQ": told["bytes"]}
    rows = [
        (name, f"{size:,}", _three_digits(8 * size / pixels), _three_digits(told["bytes"] / size))
        for name, size in sizes.items()
    ]
    head = ("format", "bytes", "bits a pixel", "KMQ / this")
    caption = "The same pixels in other formats, without loss, by Pillow"
    return _table(caption, head, rows, this=len(rows) - 1)


def quality_table(told: Numbers) -> str:
    """Return a table of what is lost; nothing of a file alone."""
    if not told["oklab"]:
        return ""
    oklab, is_exact = told["oklab"], told["psnr"] is None
    rows = [
        ("distinct colors before", f"{told['distinct_colors']:,}"),
        ("entries of the palette", f"{told['colors']:,}"),
        ("PSNR", "exact" if is_exact else f"{told['psnr']:.2f} dB"),
        ("mean squared error, over all channels", f"{told['mse']:.2f}"),
        ("distance in Oklab, mean", f"{oklab['mean']:.4f}"),
        ("distance in Oklab, largest", f"{oklab['largest']:.4f}"),
        ("pixels above 0.02, which can be seen", f"{100 * oklab['visible']:.1f} %"),
    ]
    return _table("Quality", ("", ""), rows)


def seconds_table(told: Numbers) -> str:
    """Return a table of the seconds that stages took."""
    megapixels = told["width"] * told["height"] / 1e6
    rows = [
        (stage, f"{1000 * seconds:,.1f}", f"{megapixels / seconds:,.1f}" if seconds else "")
        for stage, seconds in told["seconds"].items()
    ]
    return _table("Time, once, on this machine", ("stage", "ms", "megapixels a second"), rows)


def curve_table(told: Numbers) -> str:
    """Return a table of size and quality by the number of colors."""
    rows = [
        (f"{colors:,}", f"{size:,}", "exact" if psnr is None else f"{psnr:.2f}")
        for colors, size, psnr in told["curve"]
    ]
    return _table("By number of colors", ("colors", "bytes", "PSNR in dB"), rows)


def _three_digits(number: float) -> str:
    """Return a number to three digits, and all of those before the point."""
    return f"{number:,.3g}" if number < 999.5 else f"{number:,.0f}"


def _percent(bits: int, told: Numbers) -> str:
    return f"{100 * bits / (8 * told['bytes']):.1f} %"


def _key(number: int) -> str:
    """Return the key of a color in the bar."""
    rect = f'<rect class="part{number}" width="1" height="1"/>'
    return f'<svg class="key" viewBox="0 0 1 1" aria-hidden="true">{rect}</svg>'


def _table(
    caption: str, head: Sequence[str], rows: Iterable[Sequence[str]], this: int | None = None
) -> str:
    """Return a table, whose cells are HTML; the row ``this`` is of the file itself."""
    heads = "".join(f'<th scope="col">{cell}</th>' for cell in head)
    body = []
    for number, (first, *cells) in enumerate(rows):
        style = ' class="this"' if number == this else ""
        values = "".join(f"<td>{cell}</td>" for cell in cells)
        body.append(f'<tr{style}><th scope="row">{first}</th>{values}</tr>')
    titles = f"<thead><tr>{heads}</tr></thead>" if any(head) else ""
    return (
        f"<table><caption>{escape(caption)}</caption>{titles}<tbody>{''.join(body)}</tbody></table>"
    )
