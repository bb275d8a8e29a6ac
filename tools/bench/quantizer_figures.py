"""The figures of the quantizer and of rate-aware mapping in Markdown."""

from typing import Any

from .rows import figure, find, names_of, rows_of, table


def render_error(part: dict[str, Any]) -> str:
    """Mean MSE of each system by number of colors, and its least by that of the first."""
    rows = rows_of(part)
    colors = names_of(rows, "colors")
    first, *others = names_of(rows, "system")
    heads = [
        f"`kmq-bench-quantizer error`, mean MSE of {rows[0]['pictures']} pictures of {part['set']}",
        *(f"{number} colors" for number in colors),
    ]

    def cells(system: str, column: str, form: str) -> list[str]:
        found = (find(rows, colors=number, system=system) for number in colors)
        return [figure(row[0][column], form) if row else "" for row in found]

    lines = [[system, *cells(system, "mse", ".1f")] for system in (first, *others)]
    least = [f"{system} {' / '.join(cells(system, 'least_by_first', '.3f'))}" for system in others]
    return (
        f"{table(heads, lines)}\n\nEach on the picture that suits it best, MSE by that of {first}: "
        f"{', '.join(least)}."
    )


def render_psnr(part: dict[str, Any]) -> str:
    """What is gained over imagequant."""
    rows = rows_of(part)
    gains = ", ".join(
        f"{row['mean_gain']:.2f} dB at {row['colors']} colors (least {row['least_gain']:.2f})"
        for row in rows
    )
    return (
        f"`kmq-bench-quantizer psnr`, {rows[0]['pictures']} pictures of {part['set']}: more than "
        f"imagequant by {gains}."
    )


def render_quantizer_speed(part: dict[str, Any]) -> str:
    """Times and errors by those of others."""
    heads = ["`kmq-bench-quantizer speed`, palette and mapping", "by that of", "time", "MSE"]
    lines = [
        [row["what"], row["by"], f"{row['time']:.2f}", figure(row["mse"], ".3f")]
        for row in rows_of(part)
    ]
    return table(heads, lines)


def render_rate(part: dict[str, Any]) -> str:
    """What each rate costs and gains."""
    rows = rows_of(part)
    heads = [
        f"`kmq-bench-rate`, mean of {rows[0]['pictures']} pictures of {part['set']}", "rate",
        "PSNR, dB", "bytes", "bytes, against fewer colors at the same PSNR", "encoding, times",
    ]  # fmt: skip
    lines = [
        [
            f"{row['colors']} colors",
            f"{row['rate']:g}",
            f"{row['psnr_gain']:+.2f}",
            f"{100 * row['bytes_gain']:+.0f} %",
            f"{100 * row['bytes_gain_by_fewer_colors']:+.0f} %",
            f"{row['time']:.1f}",
        ]
        for row in rows
    ]
    larger, grown = (
        sum(row[key] for row in rows) for key in ("files_larger", "files_larger_than_before")
    )
    files = sum(row["pictures"] for row in rows)
    return (
        f"{table(heads, lines)}\n\nOf these {files} files, {larger} are larger than at rate 0 and "
        f"{grown} larger than at the rate before; the most that encoding took was "
        f"{max(row['most_time'] for row in rows):.1f} times as long."
    )
