"""What a comparison shows: who is smaller, faster, better, and where .kmq loses."""

from collections.abc import Callable, Sequence
from functools import partial

from .compare import Compared
from .pipelines import BASE
from .rows import (
    Part,
    column,
    find,
    group_by,
    megapixels_a_second,
    names_of,
    ratio,
    read,
    shown,
    table,
)

COLORS = ("16 colors", "64 colors", "256 colors")
MIDDLE = "64 colors"
LEVELS = ("30 dB", "35 dB")
CODER = "modelled indices"


def render(part: Part) -> str:
    """Render all tables; details are those of the first set."""
    rows = read(part, Compared)
    first = names_of(rows, "set")[0]
    pictures = ", ".join(f"{name} {len(names)}" for name, names in part["sets"].items())
    reached = find(rows, pipeline=BASE)
    return "\n\n".join([
        f"Pictures: {pictures}. The upper rows are tools from picture to file, the middle ones "
        "coders of the same pixels, those with a star lossy codecs at the PSNR of .kmq. A number "
        "in parentheses says how many pictures a figure is of where not all reach it (`-`: none, "
        "or .kmq is exact). Times are medians of three runs in turn, but of one run above 0.3 s.",
        render_ratios(rows, (COLORS[0], COLORS[-1])),
        "With the fewest colors that reach a PSNR of 30 / 35 dB; so many pictures do with at most "
        f"256 colors: {by_set(reached, lambda mine: in_settings(mine, LEVELS, count))}.",
        render_ratios([row for row in rows if row.kind != "coder"], LEVELS),
        f"All columns for {first}, {MIDDLE}; Oklab is the mean distance times 100, MiB the peak:",
        render_details(find(rows, set=first, setting=MIDDLE)),
        "### Where .kmq loses",
        render_faster(find(rows, set=first), first),
        "- Smaller by other tools and lossless coders: "
        f"{by_set_and_colors(rows, ('tool', 'coder'), smaller)}.\n"
        "- Smaller by lossy codecs at the PSNR of .kmq, shares of its bytes and pictures that they "
        f"are of: {by_set_and_colors(rows, ('lossy',), smaller)}.\n"
        "- Nearer to the original in Oklab with as many colors, mean distance times 100: "
        f"{by_set_and_colors(rows, ('tool',), nearer)}.",
    ])  # fmt: skip


def share_of(row: Compared) -> float:
    """Divide bytes by those of .kmq for the same pictures."""
    return row.bytes / row.base_bytes


def is_ours(row: Compared) -> bool:
    """Tell whether it is kmcodec, under some options."""
    return row.pipeline.startswith(".kmq") or row.pipeline in (CODER, "packed indices")


def shown_name(row: Compared) -> str:
    """Name a pipeline, with a star if it is lossy by itself."""
    return row.pipeline + (" *" if row.kind == "lossy" else "")


def in_settings(
    rows: Sequence[Compared], settings: Sequence[str], show: Callable[[list[Compared]], str]
) -> str:
    """Show what there is at each setting."""
    return " / ".join(show(find(rows, setting=setting)) for setting in settings)


def count(rows: list[Compared]) -> str:
    """Count pictures."""
    return str(sum(row.pictures for row in rows))


def by_set(rows: Sequence[Compared], show: Callable[[list[Compared]], str]) -> str:
    """Show something of each set."""
    return ", ".join(f"{mine[0].set} {show(mine)}" for mine in group_by(rows, "set"))


def render_ratios(rows: Sequence[Compared], settings: Sequence[str]) -> str:
    """Show bytes by .kmq's for each pipeline and set."""

    def share(found: list[Compared]) -> str:
        if not found:
            return "-"
        row = found[0]
        (base,) = find(rows, set=row.set, setting=row.setting, pipeline=BASE)
        few = "" if row.pictures == base.pictures else f" ({row.pictures})"
        return f"{share_of(row):.2f}{few}"

    def cell(mine: list[Compared], name: str) -> str:
        return in_settings(find(mine, set=name), settings, share)

    here = [row for row in rows if row.pipeline != BASE]
    head = f"bytes by .kmq's, {' / '.join(settings)}"
    return table(
        group_by(here, "pipeline"),
        {head: lambda mine: shown_name(mine[0])}
        | {name: partial(cell, name=name) for name in names_of(rows, "set")},
    )


def render_details(rows: Sequence[Compared]) -> str:
    """Show every column of one set and setting."""
    return table(rows, {
        "": shown_name,
        "bytes by .kmq": ratio("bytes", "base_bytes", ".2f"),
        "bits/pixel": ratio("bytes", "pixels", ".2f", 8),
        "PSNR dB": column("psnr", ".2f", "exact"),
        "SSIM": column("ssim", ".3f"),
        "Oklab": column("delta_e", ".2f"),
        "encode MP/s": megapixels_a_second("encode_seconds"),
        "decode MP/s": megapixels_a_second("decode_seconds"),
        "MiB to encode": column("encode_mib", ".0f"),
        "to decode": column("decode_mib", ".0f"),
    })  # fmt: skip


def render_faster(rows: Sequence[Compared], name: str) -> str:
    """Show how many times as fast others are, where they are; coders beside the coder alone."""

    def gain(case: tuple[str, list[Compared]], setting: str) -> str:
        seconds = f"{case[0]}_seconds"
        for row in find(case[1], setting=setting):
            base = CODER if row.kind == "coder" else BASE
            for own in find(rows, setting=setting, pipeline=base):
                times = getattr(own, seconds) / own.pixels / getattr(row, seconds) * row.pixels
                return shown(times) if times > 1 else ""
        return ""

    cases = [
        (direction, mine)
        for direction in ("decode", "encode")
        for mine in group_by([row for row in rows if not is_ours(row)], "pipeline")
        if (direction, mine[0].kind) != ("decode", "tool")  # whose files are those of a coder
    ]
    columns = {setting: partial(gain, setting=setting) for setting in COLORS}
    return table(
        [case for case in cases if any(show(case) for show in columns.values())],
        {
            f"faster than .kmq, times, {name}": lambda case: (
                f"{case[0]}, {case[1][0].kind}: {case[1][0].pipeline}"
            )
        }
        | columns,
    )


def by_set_and_colors(
    rows: Sequence[Compared],
    kinds: Sequence[str],
    show: Callable[[Compared, list[Compared]], str],
) -> str:
    """List the others that show a loss of .kmq, by set and number of colors."""
    parts = []
    for mine in group_by([row for row in rows if row.setting in COLORS], "set", "setting"):
        found = [show(row, mine) for row in mine if row.kind in kinds and not is_ours(row)]
        if lost := ", ".join(filter(None, found)):
            parts.append(f"{mine[0].set} at {mine[0].setting} {lost}")
    return "; ".join(parts) or "no set"


def smaller(row: Compared, _: list[Compared]) -> str:
    """Show the share of .kmq's bytes that another needs, if that is less."""
    less = round(share_of(row), 2) < 1
    return f"{row.pipeline} {share_of(row):.2f} of {row.pictures}" if less else ""


def nearer(row: Compared, rows: list[Compared]) -> str:
    """Show the distance in Oklab beside that of .kmq, if it is less."""
    distance, own = (round(each.delta_e, 2) for each in (row, *find(rows, pipeline=BASE)))
    return f"{row.pipeline} {distance:.2f} to {own:.2f}" if distance < own else ""
