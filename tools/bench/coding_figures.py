"""The figures of modelled and packed coding in Markdown."""

from typing import Any

from .rows import Row, figure, find, rows_of, short, speed, table

SIZE_PEERS = ("WebP -m6", "JPEG XL best of -e7, -e9", "oxipng -o4", "GIF")
PACKED_BITS = (1, 4, 8, 12, 16)


def size_totals(part: dict[str, Any]) -> Row:
    """Files and bytes of all sets."""
    rows = rows_of(part)
    return {key: sum(row[key] for row in rows) for key in ("files", "bytes", *SIZE_PEERS)}


def render_sizes(part: dict[str, Any]) -> str:
    """Bytes by those of a peer, same pixels."""
    rows = [*rows_of(part), {"set": "all, sum of bytes", **size_totals(part)}]
    heads = ["`kmq-bench-modelled sizes`: bytes by a peer's, same pixels", "files", *SIZE_PEERS]
    lines = [
        [row["set"], str(row["files"]), *(f"{row['bytes'] / row[peer]:.3f}" for peer in SIZE_PEERS)]
        for row in rows
    ]
    lost = [
        f"{name.rpartition('/')[2]} ({width} x {height} pixels, {size} bytes, {least})"
        for name, size, least, width, height in part["not_smallest"]
    ]
    return f"{table(heads, lines)}\n\nA peer's file is no larger for {', '.join(lost) or 'none'}."


def render_speed(part: dict[str, Any]) -> str:
    """Megapixels a second, and how many times as fast as peers."""
    heads = [
        "`kmq-bench-modelled speed`, one thread", "pictures", "encode MP/s", "decode MP/s",
        "decode, times as fast as JPEG XL -e7", "as the smaller of -e7, -e9",
        "encode, times as fast as oxipng -o4", "as WebP -m6",
    ]  # fmt: skip
    lines = []
    for row in rows_of(part):
        ratios = [
            None if row[peer] is None else row[peer] / row[own]
            for peer, own in (
                ("jxl_e7_decode_seconds", "decode_seconds"),
                ("jxl_least_decode_seconds", "decode_seconds"),
                ("oxipng_encode_seconds", "encode_seconds"),
                ("webp_encode_seconds", "encode_seconds"),
            )
        ]
        speeds = [f"{speed(row, direction):.1f}" for direction in ("encode", "decode")]
        shown = [figure(ratio, ".2f" if ratio and ratio < 10 else ".0f") for ratio in ratios]
        lines.append([row["set"], str(row["pictures"]), *speeds, *shown])
    return table(heads, lines)


def render_threads(part: dict[str, Any]) -> str:
    """What a second thread gains, and holds."""
    return (
        f"`kmq-bench-modelled threads`: with two threads, {part['pixels'] / 1e6:.1f} megapixels "
        f"encode {part['encode_gain']:.1f} times as fast and decode {part['decode_gain']:.1f} "
        f"times; the second holds {part['thread_bytes'] / 2**20:.0f} MiB."
    )


def render_made(part: dict[str, Any]) -> str:
    """Bytes of pictures made in code by those of a peer."""
    heads = [
        "`kmq-bench-modelled made`: bytes by a peer's, same pixels", "size", "colors", "bytes",
        "WebP -m6", "JPEG XL -e9", "xz -9e of a byte a pixel", "decode MP/s, one thread",
    ]  # fmt: skip
    lines = []
    for row in rows_of(part):
        peers = [row[f"{peer}_bytes"] for peer in ("webp", "jxl", "xz")]
        row["pixels"] = row["width"] * row["height"]
        lines.append([
            row["picture"],
            f"{row['width']} x {row['height']}",
            str(row["colors"]),
            str(row["bytes"]),
            *(figure(peer and row["bytes"] / peer, ".2f") for peer in peers),
            short(speed(row, "decode")),
        ])  # fmt: skip
    return table(heads, lines)


def render_release(part: dict[str, Any]) -> str:
    """Bytes and speed by those of another release, and decoding by JPEG XL's."""
    heads = [
        "`kmq-bench-modelled release`, one thread", "pictures", "bytes, by the other's",
        "decode, times as fast", "encode, times as fast", "decode MP/s, other's",
        "encode MP/s, other's", "decode, times as fast as JPEG XL -e9",
    ]  # fmt: skip
    lines = [
        [
            row["set"],
            str(row["pictures"]),
            f"{row['bytes'] / row['before_bytes']:.4f}",
            *(short(gain(row, way, f"before_{way}")) for way in ("decode", "encode")),
            *(both_speeds(row, way) for way in ("decode", "encode")),
            "" if row["jxl_decode_seconds"] is None else short(gain(row, "decode", "jxl_decode")),
        ]
        for row in rows_of(part)
    ]
    other = ", ".join(f"{name} {version}" for name, version in part["before"].items())
    kernels = (
        "" if part["kernels"] == "all" else f" This release has its {part['kernels']} kernels."
    )
    return f"{table(heads, lines)}\n\nThe other release: {other}.{kernels}"


def gain(row: Row, own: str, other: str) -> float:
    """How many times as fast as another."""
    return float(row[f"{other}_seconds"] / row[f"{own}_seconds"])


def both_speeds(row: Row, way: str) -> str:
    """Megapixels a second of this release and of the other."""
    return f"{short(speed(row, way))}, {short(speed(row, f'before_{way}'))}"


def render_packed(part: dict[str, Any]) -> str:
    """Speed by Pillow's PNG, and memory, at every width."""
    heads = [
        f"`kmq-bench packed`, {part['size']} x {part['size']}: bits",
        "encode indices, times as fast as PNG of 8 bits", "decode to RGB, times as fast",
        "encode MP/s", "decode MP/s", "bytes a pixel to encode / decode",
    ]  # fmt: skip
    lines = [
        [
            str(row["bits"]),
            f"{row['png_encode_seconds'] / row['encode_seconds']:.0f}",
            f"{row['png_decode_seconds'] / row['decode_seconds']:.1f}",
            f"{speed(row, 'encode'):.0f}",
            f"{speed(row, 'decode'):.0f}",
            f"{row['encode_bytes'] / row['pixels']:.1f} / "
            f"{row['decode_bytes'] / row['pixels']:.1f}",
        ]
        for row in rows_of(part)
    ]
    return table(heads, lines)


def some_bits(part: dict[str, Any]) -> dict[str, Any]:
    """The same of a few widths."""
    rows = rows_of(part)
    found = [find(rows, bits=bits)[0] for bits in PACKED_BITS]
    return {**part, "rows": [[row[column] for column in part["columns"]] for row in found]}
