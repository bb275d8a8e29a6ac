"""Test that GIF files are seen as browsers show them.

What browsers show is told in each test. They agree (Chromium, Firefox, WebKit) but where it says
otherwise.
"""

import io
import tracemalloc

import numpy as np
import pytest
from gifs import BLUE, GREEN, NOTHING, RED, WHITE, gif, gif_frame
from PIL import GifImagePlugin, Image

from kmcodec.conversion import reading
from kmcodec.conversion.gif_reader import GifReader
from kmcodec.errors import LimitError

LETTERS = {"R": RED, "G": GREEN, "B": BLUE, "W": WHITE}


def read(data):
    """Return the reader of a file."""
    return GifReader(io.BytesIO(data))


def shown(data, wanted=None):
    """Return frames in letters, "." where nothing is, and check that modes are the smallest."""
    reader = read(data)
    names = {(*color, 255): letter for letter, color in LETTERS.items()} | {NOTHING: "."}
    frames = []
    for picture in reader.pictures(wanted or range(reader.count)):
        assert picture.size == reader.size
        rows = np.asarray(picture.convert("RGBA")).tolist()
        frames.append(" ".join("".join(names[tuple(pixel)] for pixel in row) for row in rows))
        assert picture.mode == ("RGBA" if "." in frames[-1] else "RGB")
    return frames


@pytest.mark.parametrize(
    ("disposal", "after"),
    [
        (0, "RGR RRR"),
        (1, "RGR RRR"),
        (2, "R.R RRR"),
        (3, "RRR RRR"),
        (4, "RRR RRR"),
        (5, "RGR RRR"),
    ],
)
def test_disposal(disposal, after):
    """0 and 1 keep, 2 clears to nothing, 3 (and 4) restore what was there; others keep."""
    frames = [
        gif_frame(["000", "000"]),
        gif_frame(["1"], left=1, disposal=disposal),
        gif_frame(["2"], left=2, top=1, disposal=1),
    ]
    last = after[:-1] + "B"

    assert shown(gif((3, 2), frames)) == ["RRR RRR", "RGR RRR", last]


def test_disposal_is_of_one_frame():
    """One that is not told is none, whatever the frame before said; Pillow would go on with it."""
    frames = [
        gif_frame(["00"], disposal=2),
        gif_frame(["1"]),
        gif_frame(["2"], left=1),
    ]

    assert shown(gif((2, 1), frames)) == ["RR", "G.", "GB"]


def test_clearing_shows_no_background():
    """The color that the file calls its background, white here, is shown by no browser."""
    frames = [gif_frame(["00"], disposal=2), gif_frame(["1"])]

    assert shown(gif((2, 1), frames))[1] == "G."


def test_restoring_the_first_frame_clears_it():
    """What was there before it is nothing."""
    frames = [gif_frame(["00"], disposal=3), gif_frame(["1"])]

    assert shown(gif((2, 1), frames)) == ["RR", "G."]


def test_restoring_several_in_a_row():
    """Each is put on what the first one left."""
    frames = [
        gif_frame(["000"], disposal=1),
        gif_frame(["1"], disposal=3),
        gif_frame(["2"], left=1, disposal=3),
        gif_frame(["3"], left=2),
    ]

    assert shown(gif((3, 1), frames)) == ["RRR", "GRR", "RBR", "RRW"]


def test_transparent_pixels_show_earlier_frames():
    """A transparent entry changes nothing, whatever its color."""
    frames = [gif_frame(["012"]), gif_frame(["303"], transparent=3)]

    assert shown(gif((3, 1), frames)) == ["RGB", "RRB"]


def test_a_transparent_first_frame():
    """Nothing is behind it, and what it does not cover is nothing as well."""
    frames = [gif_frame(["03"], transparent=3), gif_frame(["1"], left=2)]

    assert shown(gif((3, 1), frames)) == ["R..", "R.G"]


def test_a_first_frame_smaller_than_the_canvas():
    """What it leaves out is nothing, though no entry is transparent."""
    assert shown(gif((3, 2), [gif_frame(["0"], left=1, top=1), gif_frame(["1"])])) == [
        "... .R.",
        "G.. .R.",
    ]


def test_local_palettes():
    """A frame's own colors are those of this frame alone."""
    own = bytes([*WHITE, *BLUE, *RED, *GREEN])
    frames = [gif_frame(["01"]), gif_frame(["0"], colors=own), gif_frame(["1"], left=1)]

    assert shown(gif((2, 1), frames)) == ["RG", "WG", "WG"]


def test_local_palettes_alone():
    """There need be no common one."""
    own = bytes([*WHITE, *BLUE])
    frames = [gif_frame(["01"], colors=own), gif_frame(["1"], colors=own)]

    assert shown(gif((2, 1), frames, colors=b"")) == ["WB", "BB"]


def test_frames_outside_the_canvas():
    """The first extends it, as in Chromium and in Pillow; later ones are cut off, or not seen."""
    frames = [
        gif_frame(["00", "00"], left=1),
        gif_frame(["111", "111", "111"], left=2, top=1),
        gif_frame(["2"], left=9, top=9, disposal=2),
        gif_frame(["3"]),
    ]

    assert shown(gif((2, 1), frames)) == [".RR .RR", ".RR .RG", ".RR .RG", "WRR .RG"]


def test_a_frame_without_pixels():
    """It has its time, and shows what was there."""
    empty = gif_frame(["1"]).replace(b"\1\0\1\0\0\2", b"\0\0\1\0\0\2")
    reader = read(data := gif((1, 1), [gif_frame(["0"]), empty, gif_frame(["2"])]))

    assert shown(data) == ["R", "R", "B"]
    assert reader.count == 3


def test_interlaced_frames():
    """Their rows come in four passes."""
    rows = [str(number % 4) * 5 for number in range(20)]
    order = [*range(0, 20, 8), *range(4, 20, 8), *range(2, 20, 4), *range(1, 20, 2)]
    frame = gif_frame([rows[number] for number in order])
    place = frame.index(b",") + 9
    frame = frame[:place] + b"\x40" + frame[place + 1 :]

    expected = " ".join("RGBW"[number % 4] * 5 for number in range(20))
    assert shown(gif((5, 20), [frame, frame])) == [expected, expected]


def test_durations():
    """0 and 1 hundredths are ten, and so is no word of it; all others are as told."""
    told = [0, 1, 2, 3, 10, 65535]
    frames = [gif_frame(["0"], hundredths=number) for number in told]
    frames.append(gif_frame(["1"], control=False))
    reader = read(gif((1, 1), frames))

    assert [reader.duration(number) for number in range(7)] == [100, 100, 20, 30, 100, 655350, 100]


@pytest.mark.parametrize(("told", "plays"), [(None, 1), (0, 0), (1, 2), (7, 8), (65535, 65536)])
def test_loops(told, plays):
    """Without the extension all is shown once; it tells how often again, 0 for ever."""
    assert read(gif((1, 1), [gif_frame(["0"])] * 2, told)).loop == plays


def test_an_extension_after_the_first_frame():
    """It counts wherever it is, by either name, and others do not."""
    loop = b"!\xff\x0bANIMEXTS1.0\x03\x01\x04\0\0"
    other = b"!\xff\x0bMAGPIE 1.0.\x03\x01\x09\0\0!\xfe\x02hi\0!\x01\x01x\0"
    frames = [gif_frame(["0"]), other, loop, gif_frame(["1"])]

    assert read(gif((1, 1), frames)).loop == 5
    assert shown(gif((1, 1), frames)) == ["R", "G"]


@pytest.mark.parametrize("wanted", [range(1, 2), range(0, 4, 2), range(3, 4), range(1, 4)])
def test_some_frames(wanted):
    """They look as they do among all."""
    frames = [
        gif_frame(["000"]),
        gif_frame(["1"], disposal=3),
        gif_frame(["2"], left=1),
        gif_frame(["3"], left=2),
    ]
    data = gif((3, 1), frames)

    assert shown(data, wanted) == [shown(data)[number] for number in wanted]


def test_as_pillow_shows_it():
    """Where nothing is left open, it is what Pillow shows, which writes the file here."""
    rng = np.random.default_rng(5)
    pictures = [Image.fromarray(rng.integers(0, 9, (20, 30), np.uint8) * 28) for _ in range(4)]
    buffer = io.BytesIO()
    pictures[0].save(buffer, "GIF", save_all=True, append_images=pictures[1:])
    reader = GifReader(buffer)

    for picture, shown in zip(pictures, reader.pictures(range(4)), strict=True):
        assert np.array_equal(np.asarray(picture), np.asarray(shown.convert("L")))


def test_the_strategy_of_pillow_is_nobody_elses_to_set(monkeypatch):
    """A program that has set it gets the same frames."""
    frames = [gif_frame(["012"]), gif_frame(["303"], transparent=3)]
    for strategy in GifImagePlugin.LoadingStrategy:
        monkeypatch.setattr(GifImagePlugin, "LOADING_STRATEGY", strategy)
        assert shown(gif((3, 1), frames)) == ["RGB", "RRB"]


@pytest.mark.parametrize("end", [b"", b"\0\0;", b"\0;trailing"])
def test_ends(end):
    """The last byte may be missing, or follow zeros, and what follows it is not read."""
    assert shown(gif((1, 1), [gif_frame(["0"]), gif_frame(["1"])], end=end)) == ["R", "G"]


def test_what_is_no_block_ends_the_file():
    """As in Firefox, and with a warning."""
    data = gif((1, 1), [gif_frame(["0"]), gif_frame(["1"]), b"x", gif_frame(["2"])])
    with pytest.warns(UserWarning, match="no block begins at offset .* is left out"):
        assert read(data).count == 2


def test_truncated_files():
    """Every truncation is an error, but between blocks, as the last byte is missing in some."""
    data = gif((1, 1), [gif_frame(["0"]), gif_frame(["1"])])
    first, second = (len(gif((1, 1), [gif_frame(["0"])] * count, end=b"")) for count in (0, 1))
    whole = {first: 0, first + 8: 0, second: 1, second + 8: 1, len(data) - 1: 2}
    for size in range(len(data)):
        if size in whole:
            assert read(data[:size]).count == whole[size]
        else:
            with pytest.raises(OSError, match="truncated"):
                read(data[:size])


def test_pixels_that_end_early():
    """They are an error, not black."""
    frame = gif_frame(["0000"]).replace(b"\4\0\1\0\0\2", b"\x09\0\1\0\0\2")
    reader = read(gif((9, 1), [gif_frame(["0"]), frame]))
    with pytest.raises(OSError, match="truncated"):
        list(reader.pictures(range(2)))


def test_limits(monkeypatch):
    """Frames that are too many, or too large together, are refused before one is decoded."""
    data = gif((1000, 1000), [gif_frame(["0"])] * 5)
    monkeypatch.setattr(reading, "MAX_FRAMES", 4)
    with pytest.raises(LimitError, match="more than 4 frames"):
        read(data)
    monkeypatch.setattr(reading, "MAX_FRAMES", 5)
    assert read(data).count == 5
    monkeypatch.setattr(reading, "MAX_TOTAL_PIXELS", 4_999_999)
    with pytest.raises(LimitError, match="5 frames of more than 4,999,999 pixels"):
        read(data)


def test_a_large_frame_of_a_small_canvas_counts(monkeypatch):
    """It is decoded, though little of it is seen."""
    large = gif_frame(["0"]).replace(b"\1\0\1\0\0\2", b"\xe8\3\xe8\3\0\2")
    monkeypatch.setattr(reading, "MAX_TOTAL_PIXELS", 1_000_000)
    with pytest.raises(LimitError):
        read(gif((1, 1), [gif_frame(["0"]), large]))


def test_frames_wait_in_little_memory():
    """A hostile file has one in sixteen bytes."""
    count = 20_000
    data = gif((1, 1), [gif_frame(["0"], control=False)] * count)
    tracemalloc.start()
    try:
        assert read(data).count == count
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert peak < len(data) + 50 * count
