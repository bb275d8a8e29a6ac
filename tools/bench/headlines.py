"""A handful of figures in Markdown, for the first page."""

from collections.abc import Iterable
from typing import Any

from .compare import Compared
from .compare_tables import share_of
from .frames import NAME as FRAMES
from .frames import Moving
from .quantizer import Gain, Share
from .rate import Step
from .rows import find, megapixels_a_second, ratio, read, summed
from .sizes import Sizes, shares
from .speed import Packed, Speed

COLORS = (16, 64, 256)
RATE = {"colors": 64, "rate": 8}
PHOTOS = "kodak"


def slashed(values: Iterable[str]) -> str:
    """Join what is of each number of colors."""
    return " / ".join(values)


def render(figures: dict[str, Any]) -> str:
    """Say what stands in README."""
    files = summed(read(figures["sizes"], Sizes)).files
    speed = [find(read(figures["speed"], Speed), set=f"Kodak K={k}")[0] for k in COLORS]
    moving = read(figures[FRAMES], Moving)
    by_gif, by_webp = (ratio("bytes", peer, ".2f")(summed(moving)) for peer in ("gif", "webp"))
    (packed,) = find(read(figures["packed"], Packed), bits=8)
    gains = [find(read(figures["quantizer psnr"], Gain), colors=k)[0].mean_gain for k in COLORS]
    time = find(read(figures["quantizer speed"], Share), by="imagequant")[0].time
    (rate,) = find(read(figures["rate"], Step), **RATE)
    avif = find(read(figures["compare"], Compared), set=PHOTOS, pipeline="AVIF -s6 4:4:4")
    by_avif = [share_of(find(avif, setting=f"{k} colors")[0]) for k in COLORS]
    decode = slashed(map(megapixels_a_second("decode_seconds"), speed))
    encode = slashed(map(megapixels_a_second("encode_seconds"), speed))
    by_jxl = slashed(map(ratio("jxl_least_decode_seconds", "decode_seconds"), speed))
    return "\n".join([
        shares(figures["sizes"], ".2f"),
        "",
        f"- **Size.** Of these {files} files "
        f"{files - len(figures['sizes']['not_smallest'])} are smaller than any peer's.",
        f"- **Moving pictures.** {len(moving)} animations need {by_gif} of GIF's bytes, {by_webp} "
        "of WebP's.",
        f"- **Speed.** One thread decodes {decode} megapixels a second of photographs in "
        f"{slashed(map(str, COLORS))} colors, {by_jxl} times as fast as JPEG XL, and encodes their "
        f"indices at {encode}. Packed, 256 colors decode at "
        f"{megapixels_a_second('decode_seconds')(packed)}.",
        f"- **Palettes.** Photographs have {slashed(f'{gain:.2f}' for gain in gains)} dB more than "
        f"with imagequant at as many colors, at 256 in {time:.2f} of its time.",
        f"- **Rate.** `rate={RATE['rate']}` takes {-100 * rate.bytes_gain:.0f} % off photographs "
        f"of {RATE['colors']} colors for {-rate.psnr_gain:.2f} dB, in {rate.time:.1f} times the "
        "time.",
        "- **Not for photographs as such.** At equal PSNR, AVIF needs "
        f"{slashed(f'{share:.2f}' for share in by_avif)} of the bytes.",
    ])  # fmt: skip
