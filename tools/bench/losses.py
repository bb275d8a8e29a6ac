"""Where .kmq loses, and what holds it back, as the README of the benches says it."""

from typing import Any

from .rows import BASE, PHOTOS, Row, find, names_of, ratio, rows_of, short, speed, table

COLORS = ("16 colors", "64 colors", "256 colors")
CODER = "modelled indices"
OURS = ("modelled indices", "packed indices")


def render_losses(rows: list[Row]) -> str:
    """What is faster, smaller, or better."""
    found = [lossless_losses(rows), lossy_losses(rows), quality_losses(rows)]
    return f"**Where .kmq loses.**\n\n{speed_losses(rows)}\n\n" + "\n".join(
        f"- {loss}" for loss in found
    )


def is_ours(row: Row) -> bool:
    """Whether it is kmcodec, under some options."""
    return row["pipeline"].startswith(".kmq") or row["pipeline"] in OURS


def speed_losses(rows: list[Row]) -> str:
    """How many times as fast others are with photographs, where they are."""
    photos = find(rows, set=PHOTOS)
    lines = []
    for direction in ("decode", "encode"):
        for pipeline in names_of([row for row in photos if not is_ours(row)], "pipeline"):
            kind = find(photos, pipeline=pipeline)[0]["kind"]
            if (direction, kind) == ("decode", "tool"):
                continue  # its files are those of a coder
            cells = [faster(photos, direction, pipeline, kind, setting) for setting in COLORS]
            if any(cells):
                lines.append([f"{direction}, {kind}: {pipeline}", *cells])
    return table([f"faster than .kmq, times, {PHOTOS}", *COLORS], lines)


def faster(rows: list[Row], direction: str, pipeline: str, kind: str, setting: str) -> str:
    """How many times as fast; empty where it is not. Coders are compared with the coder alone."""
    base = find(rows, pipeline=CODER if kind == "coder" else BASE, setting=setting)
    other = find(rows, pipeline=pipeline, setting=setting)
    if not base or not other:
        return ""
    gain = speed(other[0], direction) / speed(base[0], direction)
    return short(gain) if gain > 1 else ""


def smaller(rows: list[Row], kinds: tuple[str, ...]) -> str:
    """The sets that others make smaller, with their share of .kmq's bytes."""
    parts = []
    for name in names_of(rows, "set"):
        for setting in COLORS:
            shares = [
                f"{row['pipeline']} {ratio(row):.2f} of {row['pictures']}"
                for row in find(rows, set=name, setting=setting)
                if row["kind"] in kinds and not is_ours(row) and round(ratio(row), 2) < 1
            ]
            if shares:
                parts.append(f"{name} at {setting} {', '.join(shares)}")
    return "; ".join(parts) or "no set"


def lossless_losses(rows: list[Row]) -> str:
    """The sets that a tool or a lossless coder makes smaller."""
    return f"Smaller by other tools and lossless coders: {smaller(rows, ('tool', 'coder'))}."


def lossy_losses(rows: list[Row]) -> str:
    """The sets that lossy codecs make smaller at the same PSNR."""
    return (
        "Smaller by lossy codecs at the PSNR of .kmq, shares of its bytes and pictures that they "
        f"are of: {smaller(rows, ('lossy',))}."
    )


def oklab_distance(row: Row) -> float:
    """The distance in Oklab, as shown."""
    return round(float(row["delta_e"]), 2)


def quality_losses(rows: list[Row]) -> str:
    """The tools whose pictures are better than .kmq's by another measure than PSNR."""
    parts = []
    for name in names_of(rows, "set"):
        for setting in COLORS:
            found = find(rows, set=name, setting=setting, kind="tool")
            base = find(found, pipeline=BASE)
            better = [
                f"{row['pipeline']} {oklab_distance(row):.2f} to {oklab_distance(base[0]):.2f}"
                for row in found
                if base and not is_ours(row) and oklab_distance(row) < oklab_distance(base[0])
            ]
            if better:
                parts.append(f"{name} at {setting} {', '.join(better)}")
    return (
        "Nearer to the original in Oklab with as many colors, mean distance times 100: "
        f"{'; '.join(parts) or 'no set'}."
    )


def render_profile(part: dict[str, Any]) -> str:
    """What decoding spends its time on, and what detail costs."""
    rows = rows_of(part)
    heads = [
        "colors, model", "pictures", "decode, ns/pixel", "of that the kernel",
        "a bit of the index", "PNG, decode", "encode: quantize", "encode: code",
    ]  # fmt: skip
    lines = [
        [
            f"{row['colors']}, {row['model']}",
            str(row["pictures"]),
            nanoseconds(row, "decode_seconds"),
            f"{100 * row['kernel_seconds'] / row['decode_seconds']:.0f} %",
            f"{1e9 * row['kernel_seconds'] / row['index_bits']:.0f}",
            nanoseconds(row, "png_decode_seconds"),
            nanoseconds(row, "quantize_seconds"),
            nanoseconds(row, "code_seconds"),
        ]
        for row in rows
    ]
    return f"{table(heads, lines)}\n\n{render_detail(rows, part['set'])}"


def nanoseconds(row: Row, column: str) -> str:
    """Of a pixel."""
    return short(1e9 * row[column] / row["pixels"])


def render_detail(rows: list[Row], name: str) -> str:
    """How many bytes pictures need without their finest detail."""
    parts = []
    for colors in names_of(rows, "colors"):
        mine = find(rows, colors=colors)
        own, avif = (
            sum(row[f"smooth_{key}"] for row in mine) / sum(row[key] for row in mine)
            for key in ("bytes", "avif_bytes")
        )
        parts.append(f"{own:.2f} at {colors} colors ({avif:.2f})")
    return (
        f"Smoothed by a 3 x 3 median, {name} needs these shares of its bytes as .kmq (as AVIF of "
        f"the same level): {', '.join(parts)}."
    )
