"""The figures of the benches in Markdown, and their blocks in two READMEs."""

from typing import Any

from .coding_figures import (
    render_made,
    render_packed,
    render_release,
    render_sizes,
    render_speed,
    render_threads,
    some_bits,
)
from .corpus import render_corpus, render_import
from .headlines import render_headlines
from .losses import render_losses, render_profile
from .quantizer_figures import render_error, render_psnr, render_quantizer_speed, render_rate
from .rows import (
    BASE,
    PHOTOS,
    Row,
    figure,
    find,
    names_of,
    ratio,
    rows_of,
    short,
    slope,
    speed,
    table,
    versions_of,
)

MIDDLE = "64 colors"
QUALITIES = ("30 dB", "35 dB")


def render_details(rows: list[Row]) -> str:
    """Every column of some rows of one set and setting."""
    heads = [
        "", "bytes by .kmq", "bits/pixel", "PSNR dB", "SSIM", "Oklab", "encode MP/s",
        "decode MP/s", "MiB enc / dec",
    ]  # fmt: skip
    lines = [
        [
            marked_name(row),
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


def render_ratios(rows: list[Row], settings: tuple[str, str], kinds: tuple[str, ...]) -> str:
    """Bytes by .kmq's for each pipeline and set, at two settings."""
    sets = names_of(rows, "set")
    shown = [row for row in rows if row["kind"] in kinds and row["pipeline"] != BASE]
    lines = [
        [
            marked_name(find(shown, pipeline=pipeline)[0]),
            *(
                " / ".join(ratio_cell(rows, pipeline, name, setting) for setting in settings)
                for name in sets
            ),
        ]
        for pipeline in names_of(shown, "pipeline")
    ]
    return table([f"bytes by .kmq's, {' / '.join(settings)}", *sets], lines)


def ratio_cell(rows: list[Row], pipeline: str, name: str, setting: str) -> str:
    """A ratio, with the number of pictures where it is not over all that .kmq has there."""
    place = {"set": name, "setting": setting}
    found = find(rows, pipeline=pipeline, **place)
    if not found:
        return "-"
    count = found[0]["pictures"]
    whole = count == find(rows, pipeline=BASE, **place)[0]["pictures"]
    return f"{ratio(found[0]):.2f}" + ("" if whole else f" ({count})")


def render_reached(rows: list[Row], settings: tuple[str, str]) -> str:
    """How many pictures reach two levels of quality."""
    found = [
        f"{name} "
        + " / ".join(
            str(sum(row["pictures"] for row in find(rows, set=name, setting=s, pipeline=BASE)))
            for s in settings
        )
        for name in names_of(rows, "set")
    ]
    return ", ".join(found)


def marked_name(row: Row) -> str:
    """A pipeline, with a star if it is lossy by itself."""
    return row["pipeline"] + (" *" if row["kind"] == "lossy" else "")


def render_scale(part: dict[str, Any]) -> str:
    """Time and memory by size, colors and threads, and the slopes."""
    rows = rows_of(part)
    heads = [
        "megapixels", "colors", "bits/pixel", "encode s, 1 / 2 threads", "decode s, 1 / 2 threads",
        "MiB enc, 1 / 2", "MiB dec, 1 / 2",
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


def render_sides(figures: dict[str, Any]) -> str:
    """What stands under "Side by side"."""
    part = figures["compare"]
    rows = rows_of(part)
    counts = ", ".join(f"{name} {len(names)}" for name, names in part["sets"].items())
    return "\n\n".join([
        f"`kmq-bench compare`, {part['date']}, {part['machine']}, one thread. Pictures: {counts}; "
        f"{versions_of(part)}. The upper rows are tools from picture to file, the middle ones "
        "coders of the same pixels, those with a star lossy codecs at the PSNR of .kmq. A number "
        "in parentheses says how many pictures a figure is of where not all reach it (`-`: none, "
        "or .kmq is exact). Times are medians of three runs in turn, but of one run above 0.3 s.",
        render_ratios(rows, ("16 colors", "256 colors"), ("tool", "coder", "lossy")),
        "With the fewest colors that reach a PSNR of 30 / 35 dB; so many pictures do with at most "
        f"256 colors: {render_reached(rows, QUALITIES)}.",
        render_ratios(rows, QUALITIES, ("tool", "lossy")),
        f"All columns for {PHOTOS}, 64 colors; Oklab is the mean distance times 100, MiB the peak:",
        render_details(find(rows, set=PHOTOS, setting=MIDDLE)),
        render_losses(rows),
        "**What holds it back**, by `kmq-bench profile` on photographs, one thread:",
        render_profile(figures["profile"]),
        "`kmq-bench scale`, generated pictures:",
        render_scale(figures["scale"]),
    ])  # fmt: skip


def render_figures(figures: dict[str, Any]) -> str:
    """What stands under "Figures"."""
    part = figures["modelled speed"]
    release = figures.get("modelled release")
    return "\n\n".join([
        f"{part['date']}, {part['machine']}; {versions_of(part)}.",
        render_sizes(figures["modelled sizes"]),
        render_made(figures["modelled made"]),
        render_speed(figures["modelled speed"]),
        *([render_release(release)] if release else []),
        render_threads(figures["modelled threads"]),
        render_packed(some_bits(figures["packed"])),
        render_error(figures["quantizer error"]),
        render_psnr(figures["quantizer psnr"]),
        render_quantizer_speed(figures["quantizer speed"]),
        render_rate(figures["rate"]),
        render_corpus(figures["corpus"]),
        render_import(figures["import"]),
    ])  # fmt: skip


PARTS = (
    "compare", "profile", "scale", "modelled sizes", "modelled made", "modelled speed",
    "modelled threads", "packed", "quantizer error", "quantizer psnr", "quantizer speed", "rate",
    "corpus", "import",
)  # fmt: skip
"""The benches that the blocks need; a comparison of releases is shown if there is one."""

BLOCKS = {
    "README.md": {"headlines": render_headlines},
    "tools/bench/README.md": {"side by side": render_sides, "figures": render_figures},
}
"""The marked blocks of each README, and what renders them."""


def marks(name: str) -> tuple[str, str]:
    """What stands before and behind a block."""
    return f"<!-- {name}: begin -->\n", f"\n<!-- {name}: end -->"


def replace_block(text: str, name: str, block: str) -> str:
    """A text with another block between its marks."""
    begin, end = marks(name)
    before, rest = text.split(begin, 1)
    return before + begin + block + end + rest.split(end, 1)[1]


def marked_block(text: str, name: str) -> str:
    """What stands between the marks."""
    begin, end = marks(name)
    return text.split(begin, 1)[1].split(end, 1)[0]
