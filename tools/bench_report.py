"""The figures of the benches in Markdown, and their block in README."""

import json
from collections.abc import Iterable
from typing import Any

import numpy as np

BEGIN, END = "<!-- bench: begin -->", "<!-- bench: end -->"
Row = dict[str, Any]

PHOTOS = "kodak"
LEAST, MIDDLE, MOST = "16 colors", "64 colors", "256 colors"


def dump(figures: dict[str, Any]) -> str:
    """JSON with a row a line."""
    rows: list[str] = []

    def short(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: short(item) for key, item in value.items()}
        if isinstance(value, list) and not any(isinstance(item, list) for item in value):
            rows.append(json.dumps(value))
            return f"row {len(rows) - 1}."
        return [short(item) for item in value] if isinstance(value, list) else value

    text = json.dumps(short(figures), indent=1)
    for number, row in enumerate(rows):
        text = text.replace(f'"row {number}."', row, 1)
    return text + "\n"


def rows_of(part: dict[str, Any]) -> list[Row]:
    """Rows with the names of their columns."""
    return [dict(zip(part["columns"], row, strict=True)) for row in part["rows"]]


def find(rows: Iterable[Row], **wanted: Any) -> list[Row]:
    """The rows with some values."""
    return [row for row in rows if all(row[key] == value for key, value in wanted.items())]


def table(heads: list[str], lines: Iterable[list[str]]) -> str:
    """A table in Markdown."""
    return "\n".join(f"| {' | '.join(line)} |" for line in (heads, ["---"] * len(heads), *lines))


def ratio(row: Row) -> float:
    """Bytes by those of .kmq modelled, same pictures."""
    return float(row["bytes"] / row["base_bytes"])


def speed(row: Row, direction: str) -> float:
    """Megapixels a second."""
    return float(row["pixels"] / row[f"{direction}_seconds"] / 1e6)


def figure(value: float | None, form: str, absent: str = "") -> str:
    """A number, or what stands for none."""
    return absent if value is None else format(value, form)


def short(value: float) -> str:
    """Three digits, or two below one."""
    return f"{value:.2f}" if value < 10 else f"{value:.1f}" if value < 100 else f"{value:.0f}"


def names_of(rows: list[Row], key: str) -> list[str]:
    """The values of a column in the order of the rows."""
    return list(dict.fromkeys(row[key] for row in rows))


def render_details(rows: list[Row]) -> str:
    """Every column of some rows of one set and setting."""
    heads = [
        "", "bytes by .kmq", "bits/pixel", "PSNR dB", "SSIM", "Oklab", "encode MP/s",
        "decode MP/s", "MiB enc / dec",
    ]  # fmt: skip
    lines = [
        [
            row["pipeline"] + (" *" if row["kind"] == "lossy" else ""),
            f"{ratio(row):.2f}",
            f"{8 * row['bytes'] / row['pixels']:.2f}",
            figure(row["psnr"], ".2f", "exact"),
            figure(row["ssim"], ".3f"),
            f"{row['delta_e']:.2f}",
            short(speed(row, "encode")),
            short(speed(row, "decode")),
            f"{figure(row['encode_mib'], '.0f')} / {figure(row['decode_mib'], '.0f')}",
        ]
        for row in rows
    ]
    return table(heads, lines)


def render_all(part: dict[str, Any]) -> str:
    """The whole comparison, a table for each set and setting."""
    rows = rows_of(part)
    pieces = []
    for name in names_of(rows, "set"):
        for setting in names_of(rows, "setting"):
            if found := find(rows, set=name, setting=setting):
                pieces.append(f"{name}, {setting}, {found[0]['pictures']} pictures")
                pieces.append(render_details(found))
    return "\n\n".join([*pieces, "\\* lowest level that reaches the PSNR of .kmq modelled"])


def render_ratios(rows: list[Row]) -> str:
    """Bytes by .kmq's for each pipeline and set, at two numbers of colors."""
    sets = names_of(rows, "set")
    lines = []
    for pipeline in names_of(rows, "pipeline"):
        if pipeline == ".kmq modelled":
            continue
        line = [pipeline + (" *" if find(rows, pipeline=pipeline)[0]["kind"] == "lossy" else "")]
        for name in sets:
            cells = []
            for setting in (LEAST, MOST):
                found = find(rows, set=name, pipeline=pipeline, setting=setting)
                cells.append(f"{ratio(found[0]):.2f}" if found else "-")
            line.append(" / ".join(cells))
        lines.append(line)
    return table(["bytes by .kmq's, 16 / 256 colors", *sets], lines)


def slope(rows: list[Row], by: str, of: str) -> float:
    """Of a column by another, both as logarithms, by least squares."""
    points = [[np.log(row[by]), np.log(max(row[of], 1e-9))] for row in rows if row[of] is not None]
    if len(points) < 2:
        return float("nan")
    x, y = np.array(points).T
    return float(np.polyfit(x, y, 1)[0])


def render_scale(part: dict[str, Any]) -> str:
    """Time and memory by size, colors and threads, and the slopes."""
    rows = rows_of(part)
    heads = [
        "megapixels", "colors", "bits/pixel", "encode s, 1 / 2 threads", "decode s, 1 / 2 threads",
        "MiB enc", "MiB dec",
    ]  # fmt: skip
    lines = []
    for one in find(rows, threads=1):
        same = {key: one[key] for key in ("axis", "megapixels", "colors")}
        pair = find(rows, **same)
        lines.append([
            f"{one['megapixels']:g}", str(one["colors"]),
            f"{8 * one['bytes'] / one['megapixels'] / 1e6:.2f}",
            " / ".join(f"{row['encode_seconds']:.2f}" for row in pair),
            " / ".join(f"{row['decode_seconds']:.2f}" for row in pair),
            " / ".join(figure(row["encode_mib"], ".0f") for row in pair),
            " / ".join(figure(row["decode_mib"], ".0f") for row in pair),
        ])  # fmt: skip
    return table(heads, lines) + "\n\n" + render_slopes(rows)


def render_slopes(rows: list[Row]) -> str:
    """What doubling pixels or colors does."""
    lines = []
    for axis, by in (("pixels", "megapixels"), ("colors", "colors")):
        found = find(rows, axis=axis, threads=1)
        slopes = [f"{what} {slope(found, by, key):.2f}" for what, key in (
            ("encode", "encode_seconds"), ("decode", "decode_seconds"),
            ("memory to encode", "encode_mib"), ("to decode", "decode_mib"),
        )]  # fmt: skip
        lines.append(f"{', '.join(slopes)} by {axis}")
    return f"Slopes in log-log, one thread (1 is proportional): {'; '.join(lines)}."


def render_losses(rows: list[Row]) -> str:
    """Where .kmq loses, in sentences."""
    return f"**Where .kmq loses.** {decode_losses(rows)} {size_losses(rows)}"


def decode_losses(rows: list[Row]) -> str:
    """How much faster the same pixels of photographs come from other files."""
    photos = find(rows, set=PHOTOS, kind="coder")
    speeds = {(row["pipeline"], row["setting"]): speed(row, "decode") for row in photos}
    parts = []
    for name in ("PNG, oxipng -o4", "WebP lossless -m6", "JPEG XL lossless -e9"):
        few, many = (
            speeds[name, setting] / speeds["modelled indices", setting] for setting in (LEAST, MOST)
        )
        parts.append(f"{short_name(name)} {many:.0f} ({few:.0f})")
    return (
        f"Photographs of 256 (16) colors decode so many times as fast from {', '.join(parts)}, "
        "and from packed .kmq faster still."
    )


def size_losses(rows: list[Row]) -> str:
    """What lossy codecs need for photographs."""
    parts = []
    for setting in (LEAST, MIDDLE, MOST):
        found = find(rows, set=PHOTOS, setting=setting, kind="lossy")
        shares = [f"{short_name(row['pipeline'])} {ratio(row):.2f}" for row in found]
        parts.append(f"at that of {setting} {', '.join(shares)}")
    return (
        "At the same PSNR, lossy codecs need these shares of its bytes for photographs: "
        f"{'; '.join(parts)}."
    )


def short_name(pipeline: str) -> str:
    """A pipeline without its options."""
    return pipeline.split(" -")[0].removesuffix(", oxipng")


def render_block(figures: dict[str, Any]) -> str:
    """What stands between the marks in README."""
    part = figures["compare"]
    rows = rows_of(part)
    counts = ", ".join(f"{name} {len(names)}" for name, names in part["sets"].items())
    versions = ", ".join(f"{name} {version}" for name, version in part["versions"].items())
    pieces = [
        f"`kmq-bench compare`, {part['date']}, {part['machine']}, one thread. Pictures: {counts}; "
        f"{versions}. The upper rows are tools from picture to file, the middle ones coders of the "
        "same pixels, those with a star lossy codecs at the PSNR of .kmq, over the pictures where "
        "a level reaches it (`-`: there is none, or .kmq is exact).",
        render_ratios(rows),
        f"All columns for {PHOTOS}, 64 colors; Oklab is the mean distance times 100, MiB the peak:",
        render_details(find(rows, set=PHOTOS, setting=MIDDLE)),
        render_losses(rows),
    ]
    if "scale" in figures:
        pieces.append(f"`kmq-bench scale`, generated pictures:\n\n{render_scale(figures['scale'])}")
    return "\n\n".join(pieces)


def replace_block(text: str, block: str) -> str:
    """A text with another block between its marks."""
    before, rest = text.split(BEGIN, 1)
    after = rest.split(END, 1)[1]
    return f"{before}{BEGIN}\n{block}\n{END}{after}"


def marked_block(text: str) -> str:
    """What stands between the marks."""
    return text.split(BEGIN, 1)[1].split(END, 1)[0].strip("\n")
