"""``kmq-info``: what it shows of a file."""

import json
from fractions import Fraction
from pathlib import Path
from zlib import crc32

import numpy as np
import pytest
from commands import EXIF, damage, exit_code
from helpers import gradient, picture

import kmcodec
from kmcodec.cli import info
from kmcodec.format import Coding

pytestmark = pytest.mark.usefixtures("place")


def test_bits_of_the_origin(capsys):
    """128 x 128 pixels in 16 colors are 65,920 bits of palette and indices, of 393,216."""
    assert info.main(["-v", "a.kmq"]) == 0
    text = capsys.readouterr().out
    assert (
        "  header 160 bits, palette 16 x 24 = 384, indices 128 x 128 x 4 = 65,536, "
        "lengths 32, checksums 64; file 66,176 bits\n"
        "  palette + indices = 65,920 bits of 393,216 at 24 bits a pixel (16.8 %)\n"
    ) in text


def test_bits_of_a_modelled_file(capsys):
    """Palette and indices are told as they would be packed, and as they are stored."""
    kmcodec.save(gradient(128, 96), "g.kmq")
    facts = kmcodec.info("g.kmq")
    palette, indices = facts.bits["palette"], facts.bits["indices"]
    assert info.main(["-v", "--check", "g.kmq"]) == 0
    text = capsys.readouterr().out
    assert f"16 colors, {indices / (128 * 96):.3f} bits an index, modelled, " in text
    assert f"palette 16 x 24 = 384 -> {palette}, indices 128 x 96 x 4 = 49,152 -> {indices:,}" in (
        text
    )
    assert f"  palette + indices = {palette + indices:,} bits of 294,912 " in text
    assert "CODED_PALETTE" in text
    assert "palette_payload" in text
    assert "row 0" not in text


def test_all_fields_and_first_bits(capsys):
    """-v shows each field with its bytes, each section, the palette and the first indices."""
    kmcodec.save(picture(3, 2, 6), "b.kmq", coding="packed")
    _, indices = kmcodec.decode_indexed(Path("b.kmq").read_bytes())
    assert info.main(["-v", "b.kmq"]) == 0
    text = capsys.readouterr().out
    assert "       0  8b 4b 4d 51  magic        \\x8bKMQ                   3.1\n" in text
    assert "      16  05 00        color_count  6                         3.8\n" in text
    assert f"  row 0: {' '.join(f'{index:03b}' for index in indices[0])}\n" in text
    assert "row padding 14, " in text
    assert "  palette + indices + row padding = 176 bits of 144 " in text
    assert text.count("#") == 6


def test_one_color_and_many(capsys):
    """A single color has no index bits; a long palette is cut unless --palette is given."""
    kmcodec.save(np.zeros((5, 5, 3), np.uint8), "one.kmq")
    kmcodec.save(picture(30, 30, 300), "many.kmq", colors=300)
    assert info.main(["-v", "one.kmq", "many.kmq"]) == 0
    text = capsys.readouterr().out
    assert "1 color, 0 bits an index" in text
    assert "row 0: 0 bits an index, all pixels have color 0" in text
    assert "and 284 more, see --palette" in text
    assert info.main(["--palette", "many.kmq"]) == 0
    lines = capsys.readouterr().out.splitlines()
    palette, _ = kmcodec.decode_indexed(Path("many.kmq").read_bytes())
    assert lines[1:] == [f"{i} #{bytes(color).hex()}" for i, color in enumerate(palette)]


def test_metadata_values(capsys):
    """Metadata is shown by value; text cannot drive a terminal and is cut."""
    comment = "\x1b]0;owned\x07" + "x" * 1000
    kmcodec.save(picture(3, 3, 3), "m.kmq", comment=comment, dpi=(72, 300), exif=EXIF)
    assert info.main(["m.kmq", "-v"]) == 0
    text = capsys.readouterr().out
    assert "\x1b" not in text
    assert "\x07" not in text
    assert '1,010 bytes: "\\x1b]0;owned\\x07xxx' in text
    assert "x" * 201 not in text
    assert "dpi, 16 bytes: 72 x 300\n" in text
    assert "4d 4d 00 2a" in text
    assert "comment, dpi, exif\n" in text


@pytest.mark.parametrize("settings", [{}, {"band_rows": 2}, {"comment": "c", "dpi": (1, 2)}])
@pytest.mark.parametrize("coding", ["modelled", "packed"])
@pytest.mark.parametrize("colors", [1, 2, 5, 17, 300])
def test_json(capsys, colors, coding, settings):
    """--json has the documented keys, sections without gaps, and bits that add up."""
    pixels = np.sort(picture(21, 17, colors), axis=0)  # smooth enough to be modelled
    colors = len(np.unique(pixels.reshape(-1, 3), axis=0))
    kmcodec.save(pixels, "j.kmq", colors=400, coding=coding, **settings)
    data = Path("j.kmq").read_bytes()
    assert info.main(["--json", "--check", "j.kmq", "a.kmq"]) == 0
    found, _ = json.loads(capsys.readouterr().out)
    keys = "schema_version file error file_bytes header sections band_bytes frames metadata palette"
    assert list(found) == [*keys.split(), "bits", "checked"]
    assert found["frames"] is None
    assert found["schema_version"] == 2
    assert found["error"] is None
    assert found["checked"] is True
    assert found["file_bytes"] == len(data)
    assert found["header"]["mode"] == "RGB"
    assert found["header"]["color_count"] == len(found["palette"]) == colors
    assert ("METADATA" in found["header"]["flags"]) == ("comment" in settings)
    assert coding == "modelled" or "CODED_PALETTE" not in found["header"]["flags"]
    assert set(found["metadata"]) == set(settings) & {"comment", "dpi"}
    bits = found["bits"]
    raw, total = bits.pop("raw"), bits.pop("file")
    assert sum(bits.values()) == total == 8 * len(data)
    assert (bits["frames"], raw) == (0, 24 * 21 * 17)
    assert all(number >= 0 for number in bits.values())
    offset = 0
    for section in found["sections"]:
        assert section["offset"] == offset
        offset += section["size"]
    assert offset + sum(size + 8 for size in found["band_bytes"]) == len(data)


def test_bad_files_do_not_stop_the_others(capsys):
    """Every file is visited, each bad one is named, and the worst code is returned."""
    Path("bad.kmq").write_bytes(Path("a.kmq").read_bytes()[:-1])
    files = ["missing.kmq", "bad.kmq", "a.png", "a.kmq"]
    assert info.main(files) == 3
    shown = capsys.readouterr()
    assert shown.out.startswith("a.kmq: KMQ v0 128x128")
    assert [line.split(": ")[1] for line in shown.err.splitlines()] == files[:3]
    assert info.main(["--json", *files]) == 3
    errors = [entry["error"] for entry in json.loads(capsys.readouterr().out)]
    types = [error and error["type"] for error in errors]
    assert types == ["FileNotFoundError", "TruncatedError", "SignatureError", None]
    assert errors[2]["field"] == "magic"
    assert info.main(["missing.kmq", "a.kmq"]) == 1


def test_check(capsys):
    """--check finds damage that the head does not show, and says OK where there is none."""
    assert info.main(["--check", "a.kmq"]) == 0
    assert capsys.readouterr().out.endswith(", OK\n")
    assert info.main(["-q", "--check", "a.kmq"]) == 0
    assert capsys.readouterr() == ("", "")
    damage("a.kmq")
    assert info.main(["a.kmq"]) == 0
    assert info.main(["-q", "--check", "a.kmq"]) == 3
    assert "checksum" in capsys.readouterr().err


def test_section_names_as_metadata(capsys):
    """Metadata named like a section of the file misleads nobody."""
    data = Path("a.kmq").read_bytes()
    head = data[:7] + b"\x01" + data[8:20] + b"\x01\x07payload\x03\x00\x00\x00abc" + data[20:68]
    length_and_payload = data[72:-4]
    first = crc32(head)
    last = crc32(length_and_payload, first)
    pieces = head, first.to_bytes(4, "little"), length_and_payload, last.to_bytes(4, "little")
    Path("b.kmq").write_bytes(b"".join(pieces))
    shown = []
    for name in ("a.kmq", "b.kmq"):
        assert info.main(["-v", "--check", name]) == 0
        text = capsys.readouterr().out
        shown.append([line for line in text.splitlines() if "row 0" in line or "palette +" in line])
    assert shown[0] == shown[1]


def test_words_for_modes(capsys):
    """Modes are told in Pillow's words, in lines, fields and errors."""
    kmcodec.save(np.zeros((2, 2), bool), "bilevel.kmq")
    Path("alpha.kmq").write_bytes(kmcodec.encode_indexed(picture(1, 1, 1, 4)[0], [[0]]))
    data = bytearray(Path("alpha.kmq").read_bytes())
    data[17] = 9
    Path("bad.kmq").write_bytes(data)
    assert info.main(["-v", "alpha.kmq", "bilevel.kmq", "bad.kmq"]) == 3
    shown = capsys.readouterr()
    assert "1x1 P with alpha, 1 color" in shown.out
    assert "2x2 1, 1 color" in shown.out
    assert "too many for mode P with alpha" in shown.err
    assert "P_ALPHA" not in shown.out + shown.err
    assert "BILEVEL" not in shown.out


def test_check_has_a_limit_of_pixels(capsys):
    """Larger pictures are shown but not checked, unless --max-pixels allows them."""
    kmcodec.save(gradient(30, 20), "small.kmq")
    assert info.main(["--max-pixels", "599", "small.kmq"]) == 0
    assert info.main(["--check", "--max-pixels", "600", "small.kmq"]) == 0
    capsys.readouterr()
    assert info.main(["--check", "--max-pixels", "599", "small.kmq"]) == 1
    assert "30 x 20 pixels are more than the limit of 599" in capsys.readouterr().err
    for number in ("-1", "x", "1.5"):
        assert exit_code(info.main, "--max-pixels", number, "small.kmq") == 2
        assert "--max-pixels" in capsys.readouterr().err


def test_of_many_bands_the_first_are_shown(capsys):
    """-v shows 16 bands and the size of the others; --json has the bytes of all."""
    kmcodec.save(gradient(4, 20), "many.kmq", band_rows=1)
    kmcodec.save(gradient(4, 16), "few.kmq", band_rows=1)
    sizes = [s.size for s in kmcodec.info("many.kmq").sections if s.name == "payload"]
    assert info.main(["-v", "many.kmq"]) == 0
    text = capsys.readouterr().out
    assert text.count("  payload\n") == 16
    assert f"{sum(sizes[16:]) + 8 * 4:>10}  4 bands more\n" in text
    assert info.main(["-v", "few.kmq"]) == 0
    text = capsys.readouterr().out
    assert text.count("  payload\n") == 16
    assert "more\n" not in text
    assert info.main(["--json", "many.kmq"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["band_bytes"] == sizes


def save_frames(name="m.kmq", count=20, **options):
    """Save frames, of which every third is new and the others are as the one before."""
    frames = [picture(16, 8, 5, seed=number // 3) for number in range(count)]
    kmcodec.save_frames(frames, name, **options)


@pytest.mark.parametrize("coding", ["modelled", "packed"])
def test_frames(capsys, coding):
    """The line of a file tells frames and seconds; -v how they are timed, and their bytes."""
    durations = [Fraction(100, 3)] * 2 + [0] + [70] * 17
    save_frames(duration=durations, loop=2, key_interval=8, coding=coding)
    facts = kmcodec.info("m.kmq")
    sizes = list(facts.frame_bytes)
    assert info.main(["-v", "--check", "m.kmq"]) == 0
    text = capsys.readouterr().out
    assert text.startswith("m.kmq: KMQ v0 16x8 RGB, 20 frames, 1.257 s, ")
    assert text.splitlines()[0].endswith(", OK")
    assert "  20 frames in 1.257 s, shown 2 times, 300 ticks a second\n" in text
    assert "  durations: 2 x 100/3 ms, 1 x 0 ms, 17 x 70 ms\n" in text
    keys = sizes[::8]
    assert (
        f"  3 key frames, every 8: smallest {min(keys)}, mean {sum(keys) / 3:.1f}, "
        f"largest {max(keys)} bytes\n"
    ) in text
    assert f"  all frames: smallest 0, mean {sum(sizes) / 20:.1f}, largest {max(sizes)} b" in text
    assert "FRAMES" in text
    for name in ("frames_length", "frames_payload"):
        assert f"  {name}\n" in text
    assert text.count("  frame\n") == 16
    assert f"{sum(sizes[16:]):>10}  4 frames more\n" in text
    assert ", indices 20 x 16 x 8 x " in text
    assert ("row 0: " in text) == (facts.header.coding == Coding.PACKED)


def test_other_frames(capsys):
    """What is shown for ever, or has one key frame, says so, and runs are cut."""
    save_frames(duration=range(20), key_interval=20)
    assert info.main(["-v", "m.kmq"]) == 0
    text = capsys.readouterr().out
    assert ", shown for ever, " in text
    assert "  1 key frame: smallest " in text
    assert "1 x 15 ms ... and 4 more\n" in text
    save_frames("one.kmq", loop=1)
    assert info.main(["-v", "one.kmq"]) == 0
    assert ", shown 1 time, " in capsys.readouterr().out


@pytest.mark.parametrize("coding", ["modelled", "packed"])
def test_json_of_frames(capsys, coding):
    """--json has the same, sections up to the frames, and bits that add up."""
    save_frames(duration=[50] * 3 + [20] * 17, loop=4, key_interval=9, coding=coding)
    assert info.main(["--json", "--check", "m.kmq"]) == 0
    (found,) = json.loads(capsys.readouterr().out)
    sizes = found["frames"].pop("bytes")
    assert found["frames"] == {
        "count": 20,
        "loop": 4,
        "ticks_per_second": 100,
        "key_interval": 9,
        "runs": [[5, 3], [2, 17]],
    }
    assert found["band_bytes"] == []
    assert sum(section["size"] for section in found["sections"]) + sum(sizes) == found["file_bytes"]
    assert len(sizes) == 20
    bits = dict(found["bits"])
    assert bits.pop("raw") == 24 * 16 * 8 * 20
    assert bits.pop("file") == sum(bits.values()) == 8 * found["file_bytes"]
    assert bits["frames"] > 0


def test_check_of_frames(capsys):
    """--check reads all frames, and has limits for how many, and for their pixels."""
    save_frames()
    assert info.main(["--check", "m.kmq"]) == 0
    for limit in (["--max-frames", "19"], ["--max-total-pixels", str(20 * 16 * 8 - 1)]):
        assert info.main([*limit, "m.kmq"]) == 0
        assert info.main(["--check", *limit, "m.kmq"]) == 1
        assert "more than the limit of" in capsys.readouterr().err
    damage("m.kmq")
    assert info.main(["m.kmq"]) == 0
    assert info.main(["-q", "--check", "m.kmq"]) == 3
    assert "frame 18 of 20" in capsys.readouterr().err
