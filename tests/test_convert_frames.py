"""``kmq-convert`` of pictures that move: into ``.kmq``, out of it, and by its options."""

import io
import json
import struct
import sys
from fractions import Fraction
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from commands import EXIF, FakeStandard, exit_code, posix
from gifs import apng, apng_frame, gif, gif_frame
from helpers import drawing, photo, picture
from PIL import Image, features

import kmcodec
from kmcodec.cli import convert
from kmcodec.conversion import gif_reader, reading
from kmcodec.conversion.orientation import orient_image

pytestmark = pytest.mark.usefixtures("place")
COUNT = 6
needs_avif = pytest.mark.skipif(not features.check("avif"), reason="needs AVIF")
LOSSLESS = ["gif", "png", "apng", "webp", "tif"]


@cache
def moving(channels=3, count=COUNT, size=(40, 30)):
    """Make frames in which a mark wanders over a drawing: (height, width, channels) each."""
    still = drawing(*size)
    if channels == 4:
        still = np.dstack((still, np.where(still[..., 0] > 128, 255, 0).astype(np.uint8)))
        still[still[..., 3] == 0] = 0
    frames = []
    for number in range(count):
        frame = still.copy()
        frame[3:9, 4 * number : 4 * number + 6] = (255, 3, 7, 255)[:channels]
        frames.append(frame)
    return frames


def save(name, frames, **settings):
    """Save arrays by Pillow."""
    first, *others = map(Image.fromarray, frames)
    first.save(name, save_all=True, append_images=others, **settings)


def save_kmq(name="m.kmq", frames=None, duration=70, **options):
    """Save arrays as a .kmq."""
    kmcodec.save_frames(moving() if frames is None else frames, name, duration=duration, **options)


def decoded(name):
    """Return pixels and durations of all frames of a .kmq."""
    frames = list(kmcodec.decode_frames(name))
    return [frame.pixels for frame in frames], [frame.duration for frame in frames]


def check_same(found, expected):
    """Compare frames, of which those that are transparent are nothing."""
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        first, second = (
            np.asarray(Image.fromarray(a).convert("RGBA")).copy() for a in (one, other)
        )
        first[first[..., 3] == 0] = second[second[..., 3] == 0] = 0
        np.testing.assert_array_equal(first, second)


def told(capsys):
    """Return what is told on standard error since the last time."""
    return capsys.readouterr().err


@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize("extension", LOSSLESS)
def test_there_and_back(extension, channels, capsys):
    """All frames come back exactly through each format that keeps pixels, with their times."""
    frames = moving(channels)
    save_kmq(frames=frames, loop=3)
    assert convert.main(["-q", "m.kmq", f"n.{extension}"]) == 0
    assert convert.main([f"n.{extension}", "o.kmq"]) == 0
    pixels, durations = decoded("o.kmq")
    check_same(pixels, frames)
    assert told(capsys) == ""
    if extension != "tif":
        assert durations == [70] * COUNT
        assert kmcodec.info("o.kmq").animation.loop == 3


@pytest.mark.parametrize("extension", LOSSLESS)
def test_files_of_pillow(extension):
    """What other programs wrote is read: frames, and times where there are any."""
    frames = moving()
    save(f"n.{extension}", frames, duration=120, loop=2, lossless=True)
    assert convert.main([f"n.{extension}"]) == 0
    pixels, durations = decoded("n.kmq")
    check_same(pixels, frames)
    assert durations == [100 if extension == "tif" else 120] * COUNT
    loops = {"gif": 3, "tif": 0}
    assert kmcodec.info("n.kmq").animation.loop == loops.get(extension, 2)


@needs_avif
def test_avif():
    """It takes all frames and gives them, and their times, though not every pixel."""
    save_kmq()
    assert convert.main(["m.kmq", "n.avif"]) == 0
    assert convert.main(["n.avif", "o.kmq"]) == 0
    pixels, durations = decoded("o.kmq")
    assert durations == [70] * COUNT
    for one, other in zip(pixels, moving(), strict=True):
        assert np.abs(one.astype(int) - other).mean() < 20


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA"])
@pytest.mark.parametrize("extension", ["png", "webp", "tif", "gif"])
def test_every_mode(mode, extension):
    """What a file shows is what the other shows, whatever its mode."""
    images = [Image.fromarray(frame).quantize(7).convert("RGB") for frame in moving()]
    if mode == "P":
        images = [image.quantize(palette=images[0].quantize(30), dither=0) for image in images]
    elif mode.endswith("A"):
        images = [Image.fromarray(frame) for frame in moving(4)]
    images = [image.convert(mode) for image in images]
    kmcodec.save_frames(images, "m.kmq")
    with Image.open("m.kmq") as image:
        assert image.mode == mode
    assert convert.main(["-q", "m.kmq", f"n.{extension}"]) == 0
    assert convert.main(["n." + extension, "o.kmq"]) == 0
    check_same(decoded("o.kmq")[0], [np.asarray(image.convert("RGBA")) for image in images])


def test_fli():
    """Frames of Autodesk Animator are read, with their times."""
    indices = [np.full((4, 8), number, np.uint8) for number in range(3)]
    colors = [(9, 9, 9), (200, 0, 0), (0, 0, 200)]
    table = struct.pack("<IHHBB", 10 + 9, 4, 1, 0, 3) + b"".join(map(bytes, colors))
    chunks = b""
    for number, plane in enumerate(indices):
        parts = [table] if number == 0 else []
        parts.append(struct.pack("<IH", 6 + plane.size, 16) + plane.tobytes())
        body = b"".join(parts)
        chunks += struct.pack("<IHH8x", 16 + len(body), 0xF1FA, len(parts)) + body
    header = struct.pack("<I6HI", 128 + len(chunks), 0xAF12, 3, 8, 4, 8, 0, 60)
    Path("n.flc").write_bytes(header.ljust(128, b"\0") + chunks)
    assert convert.main(["n.flc"]) == 0
    pixels, durations = decoded("n.kmq")
    assert [tuple(frame[0, 0].tolist()) for frame in pixels] == colors
    assert durations == [60] * 3


def test_gray_stays_gray():
    """An APNG of gray frames is not made one of colors."""
    images = [Image.fromarray(frame).convert("L") for frame in moving()]
    images[0].save("g.png", save_all=True, append_images=images[1:])
    assert convert.main(["g.png"]) == 0
    with Image.open("g.kmq") as image:
        assert (image.mode, image.n_frames) == ("L", COUNT)


def test_as_browsers_show_a_gif():
    """Frames are composed, and times and loops read, as ``test_gif_reader`` tells."""
    frames = [
        gif_frame(["00"], hundredths=0, disposal=2),
        gif_frame(["1"], left=1, hundredths=7),
        gif_frame(["3"], hundredths=1, transparent=3),
    ]
    Path("b.gif").write_bytes(gif((2, 1), frames, loop=4))
    assert convert.main(["b.gif"]) == 0
    pixels, durations = decoded("b.kmq")
    assert [frame[0].tolist() for frame in pixels] == [
        [[255, 0, 0, 255]] * 2,
        [[0, 0, 0, 0], [0, 255, 0, 255]],
        [[0, 0, 0, 0], [0, 255, 0, 255]],
    ]
    assert durations == [100, 70, 100]
    assert kmcodec.info("b.kmq").animation.loop == 5


def test_durations_of_apng_are_exact(capsys):
    """A thirtieth of a second is one in .kmq, and in the next APNG."""
    pixel = [[(1, 2, 3, 255)]], [[(3, 2, 1, 255)]]
    frames = [apng_frame(rows, fraction=(1, 30)) for rows in pixel]
    Path("e.png").write_bytes(apng((1, 1), [*frames, apng_frame(pixel[0], fraction=(1001, 24000))]))
    assert convert.main(["e.png", "e.kmq"]) == 0
    assert convert.main(["e.kmq", "f.apng"]) == 0
    assert convert.main(["f.apng", "f.kmq"]) == 0
    third = Fraction(100, 3)
    for name in ("e.kmq", "f.kmq"):
        assert decoded(name)[1] == [third, third, Fraction(1001, 24)]
    assert told(capsys) == ""


@pytest.mark.parametrize(
    ("extension", "unit"),
    [("gif", "hundredths of a second"), ("webp", "milliseconds"), ("png", "")],
)
def test_rounded_durations(extension, unit, capsys):
    """What has no room is rounded, with a warning, so that the end is where it was."""
    duration = Fraction(100, 3) if unit else Fraction(1000, 65537)
    save_kmq(duration=[duration] * COUNT)
    assert convert.main(["m.kmq", f"n.{extension}"]) == 0
    assert f"has no room for exact durations, which are rounded{' to ' * bool(unit)}{unit}\n" in (
        told(capsys)
    )
    assert convert.main([f"n.{extension}", "o.kmq"]) == 0
    assert abs(sum(decoded("o.kmq")[1]) - COUNT * duration) < Fraction(1, 2)


@pytest.mark.parametrize(
    ("extension", "fault"),
    [
        ("gif", "GIF shows frames up to 65,536 times, not 70,000 times"),
        ("webp", "WEBP shows frames up to 65,535 times, not 70,000 times"),
        ("tif", "TIFF has no room for durations, and how often frames are shown"),
        pytest.param("avif", "AVIF shows frames for ever, not 70,000 times", marks=needs_avif),
    ],
)
def test_loops_without_room(extension, fault, capsys):
    """What is nearest is written, with a warning."""
    save_kmq(loop=70_000)
    assert convert.main(["m.kmq", f"n.{extension}"]) == 0
    assert told(capsys) == f"kmq-convert: m.kmq: warning: {fault}\n"
    assert convert.main(["-q", "-f", "m.kmq", f"n.{extension}"]) == 0
    assert told(capsys) == ""


@pytest.mark.parametrize(
    ("extension", "fault"),
    [("gif", "GIF shows a frame for at most 655.35 s, not 1000"), ("png", "")],
)
def test_long_durations(extension, fault, capsys):
    """One that has no room is an error, as no other frame can take it over."""
    save_kmq(duration=1_000_000)
    assert convert.main(["m.kmq", f"n.{extension}"]) == (1 if fault else 0)
    assert fault in told(capsys)
    assert Path(f"n.{extension}").exists() != bool(fault)
    save_kmq(duration=65_536_000)
    assert convert.main(["-f", "m.kmq", "n.png"]) == 1
    assert "APNG shows a frame for at most 65,535 s, not 65,536" in told(capsys)


@pytest.mark.parametrize("extension", ["jpg", "bmp", "ppm", "pdf", "ico"])
def test_formats_of_one_picture(extension, capsys):
    """The first frame is converted, with a warning that tells how many are left out."""
    save_kmq()
    assert convert.main(["m.kmq", f"n.{extension}"]) == 0
    assert "holds one picture: frame 0 is converted, 5 frames left out" in told(capsys)
    assert convert.main(["--frames", "3:4", "-f", "m.kmq", f"n.{extension}"]) == 0
    assert told(capsys) == ""
    if extension in {"bmp", "ppm"}:
        with Image.open(f"n.{extension}") as image:
            assert np.array_equal(image, moving()[3])


def test_mpo_has_pictures_that_are_no_frames(capsys):
    """Of such a file the first is converted, as it always was."""
    save("n.mpo", moving())
    assert convert.main(["n.mpo"]) == 0
    assert told(capsys).endswith(": warning: more than one frame, only the first is converted\n")
    assert kmcodec.info("n.kmq").animation is None


@pytest.fixture(scope="module")
def numbered(tmp_path_factory):
    """Make a folder with ``n`` in each format, whose frames last 100 ms, 110 ms and so on."""
    folder = tmp_path_factory.mktemp("numbered")
    save_kmq(folder / "n.kmq", duration=[100 + 10 * number for number in range(COUNT)])
    for extension in ("gif", "png", "webp", "tif"):
        arguments = ["-q", str(folder / "n.kmq"), "-o", str(folder / f"n.{extension}")]
        assert convert.main(arguments) == 0
    return folder


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        ("1:3", [1, 2]),
        (":2", [0, 1]),
        ("4:", [4, 5]),
        (":", [0, 1, 2, 3, 4, 5]),
        ("::2", [0, 2, 4]),
        ("1::3", [1, 4]),
        ("-2:", [4, 5]),
        (":-4", [0, 1]),
        ("2:99", [2, 3, 4, 5]),
        ("-1:", [5]),
    ],
)
@pytest.mark.parametrize("extension", ["gif", "png", "webp", "tif", "kmq"])
def test_frames_that_are_chosen(chosen, expected, extension, numbered):
    """They are those of a slice of Python's, with their durations; one is a still file."""
    assert convert.main([f"--frames={chosen}", f"{numbered}/n.{extension}", "-o", "o.kmq"]) == 0
    pixels, found = decoded("o.kmq")
    check_same(pixels, [moving()[number] for number in expected])
    if len(expected) > 1 and extension != "tif":
        assert found == [100 + 10 * number for number in expected]
    assert (kmcodec.info("o.kmq").animation is None) == (len(expected) == 1)


def test_frames_from_the_middle_on_keep_their_colors():
    """The first of them shows more colors than any frame brings along."""
    noise = np.random.default_rng(0).integers(0, 256, (2, 20, 20, 3), np.uint8)
    frames = [np.zeros((20, 40, 3), np.uint8) for _ in range(4)]
    for number, frame in enumerate(frames):
        for place in range(min(number, 2)):
            frame[:, 20 * place : 20 * place + 10] = noise[place, :, :10]
    save_kmq("m.kmq", frames)

    assert exit_code(convert.main, "--frames", "2:", "m.kmq", "n.kmq") == 0
    assert len(np.unique(frames[2].reshape(-1, 3), axis=0)) > 256
    check_same(decoded("n.kmq")[0], frames[2:])
    assert exit_code(convert.main, "--frames", "2:", "-k", "16", "m.kmq", "o.kmq") == 0
    assert kmcodec.info("o.kmq").header.color_count == 16


def test_frames_that_are_chosen_for_other_formats():
    """It is the same out of a .kmq."""
    save_kmq()
    assert convert.main(["--frames", "1:4:2", "m.kmq", "n.gif"]) == 0
    assert convert.main(["--frames", "4:5", "m.kmq", "n.png"]) == 0
    with Image.open("n.gif") as image:
        assert image.n_frames == 2
    with Image.open("n.png") as image:
        assert not image.is_animated
        assert np.array_equal(image, moving()[4])


@pytest.mark.parametrize(
    ("chosen", "code"),
    [
        ("6:", 1),
        ("3:3", 1),
        ("x", 2),
        ("1", 2),
        ("1:2:0", 2),
        ("1:2:-1", 2),
        ("1:2:3:4", 2),
        ("", 2),
    ],
)
def test_frames_that_cannot_be_chosen(chosen, code, capsys):
    """None at all, or what is no slice forwards, is an error."""
    save_kmq()
    assert exit_code(convert.main, f"--frames={chosen}", "m.kmq", "-o", "n.kmq") == code
    assert "--frames" in told(capsys)
    assert not Path("n.kmq").exists()


@pytest.mark.parametrize("fps", ["30", "12.5", "30000/1001", "1/2"])
def test_frames_a_second(fps):
    """--fps is the duration of each, into .kmq and out of it, exactly."""
    save("n.gif", moving(), duration=50)
    assert convert.main(["--fps", fps, "n.gif"]) == 0
    assert decoded("n.kmq")[1] == [1000 / Fraction(fps)] * COUNT
    assert convert.main(["--fps", "24", "n.kmq", "o.png"]) == 0
    assert convert.main(["o.png", "o.kmq"]) == 0
    assert decoded("o.kmq")[1] == [Fraction(1000, 24)] * COUNT


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--fps", "0"),
        ("--fps", "-1"),
        ("--fps", "x"),
        ("--fps", "1/0"),
        ("--fps", "nan"),
        ("--fps", "1e9999999999"),
        ("--loop", "-1"),
        ("--loop", "4294967296"),
        ("--loop", "x"),
        ("--key-interval", "0"),
        ("--key-interval", "2.5"),
    ],
)
def test_options_out_of_range(option, value, capsys):
    """They are usage errors that name the option."""
    assert exit_code(convert.main, f"{option}={value}", "a.png", "n.kmq") == 2
    assert option in told(capsys)


def test_loop():
    """--loop is how often all is shown, into .kmq and out of it."""
    save("n.gif", moving(), loop=9)
    assert convert.main(["--loop", "0", "n.gif"]) == 0
    assert kmcodec.info("n.kmq").animation.loop == 0
    assert convert.main(["--loop", "2", "n.kmq", "o.gif"]) == 0
    with Path("o.gif").open("rb") as file:
        assert gif_reader.GifReader(file).loop == 2


def test_key_interval(capsys):
    """--key-interval is the encoder's, and for .kmq only."""
    save("n.gif", moving())
    assert convert.main(["--key-interval", "2", "n.gif"]) == 0
    assert kmcodec.info("n.kmq").animation.key_interval == 2
    assert convert.main(["--key-interval", "2", "n.kmq", "n.png"]) == 2
    assert "--key-interval is for KMQ output only" in told(capsys)


def test_options_of_frames_do_not_disturb_stills():
    """One picture has no times, and is what it is without them."""
    assert convert.main(["-f", "--fps", "25", "--loop", "3", "--key-interval", "9", "a.png"]) == 0
    with Image.open("a.png") as image:
        assert Path("a.kmq").read_bytes() == kmcodec.encode(image)


def test_options_reach_the_encoder():
    """The command line gives what ``kmcodec.encode_frames`` gives with the same options."""
    frames = [photo(40, 30, seed) for seed in range(3)]
    save("n.png", frames, duration=40)
    options = ["-k", "9", "--seed", "3", "--band-rows", "8", "--dither", "0.5", "--speed", "9"]
    assert convert.main(["n.png", *options]) == 0
    expected = kmcodec.encode_frames(
        frames, 9, duration=40, seed=3, band_rows=8, dither=0.5, speed=9
    )
    assert Path("n.kmq").read_bytes() == expected


def test_encode_again_in_place():
    """A moving .kmq is encoded again, in place if forced, with its times."""
    save_kmq(duration=[Fraction(100, 3), 50] * 3, loop=7)
    assert convert.main(["-f", "-k", "4", "m.kmq", "m.kmq"]) == 0
    facts = kmcodec.info("m.kmq")
    assert (facts.header.color_count, facts.animation.loop) == (4, 7)
    assert decoded("m.kmq")[1] == [Fraction(100, 3), 50] * 3


def test_pipes(monkeypatch):
    """Frames go through pipes, as pictures do."""
    save("n.gif", moving(), duration=50)
    output = FakeStandard()
    monkeypatch.setattr(sys, "stdin", FakeStandard(Path("n.gif").read_bytes()))
    monkeypatch.setattr(sys, "stdout", output)
    assert convert.main(["-"]) == 0
    check_same(decoded(output.buffer.getvalue())[0], moving())
    monkeypatch.setattr(sys, "stdin", FakeStandard(output.buffer.getvalue()))
    monkeypatch.setattr(sys, "stdout", again := FakeStandard())
    assert convert.main(["-", "--to", "gif"]) == 0
    assert gif_reader.GifReader(again.buffer).count == COUNT


def test_what_is_told(capsys):
    """-v and --json tell frames, and bytes a frame."""
    save("n.gif", moving(), duration=50)
    assert convert.main(["-v", "--json", "n.gif"]) == 0
    shown = capsys.readouterr()
    size = Path("n.kmq").stat().st_size
    assert f"40x30 RGB, 6 frames, to KMQ of {size:,} bytes" in shown.err
    assert f" % of 24 bits a pixel, {size / 6:,.0f} bytes a frame, " in shown.err
    report = json.loads(shown.out)
    assert (report["frames"], report["bytes"], report["exact"]) == (6, size, True)
    assert convert.main(["--json", "-f", "a.png"]) == 0
    assert json.loads(capsys.readouterr().out)["frames"] == 1


def test_lost_colors_are_told(monkeypatch, capsys):
    """One line on a terminal tells how many are left, and how near the result is."""
    monkeypatch.setattr(convert, "is_watched", lambda: True)
    save("n.png", [photo(40, 30, seed) for seed in range(3)])
    assert convert.main(["-k", "9", "n.png"]) == 0
    assert "n.png: reduced to 9 colors, PSNR " in told(capsys)
    assert convert.main(["--exact", "-f", "n.png"]) == 99


def test_metadata_both_ways():
    """It is that of the whole, in APNG and WebP, and is kept by .kmq."""
    metadata = {"exif": EXIF, "icc_profile": b"profile" * 20}
    save_kmq(**metadata)
    for extension in ("png", "webp"):
        assert convert.main(["m.kmq", f"n.{extension}"]) == 0
        assert convert.main(["-f", f"n.{extension}", "o.kmq"]) == 0
        with Image.open("o.kmq") as image:
            assert image.info["icc_profile"] == metadata["icc_profile"]
            assert image.getexif()[274] == 6
    assert convert.main(["-f", "--strip", "n.png", "o.kmq"]) == 0
    assert kmcodec.info("o.kmq").metadata == {}


@pytest.mark.parametrize("extension", ["gif", "png", "kmq"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation(orientation, extension):
    """--auto-orient turns every frame, and formats without EXIF need it."""
    exif = Image.Exif()
    exif[274] = orientation
    save_kmq(exif=exif.tobytes(), frames=moving(4))
    options = [] if extension == "gif" else ["--auto-orient"]
    assert convert.main(["-q", *options, "m.kmq", "-o", f"n.{extension}"]) == 0
    assert convert.main(["-f", f"n.{extension}", "-o", "o.kmq"]) == 0
    turned = []
    for frame in moving(4):
        image = Image.fromarray(frame)
        image.info["exif"] = exif.tobytes()
        orient_image(image)
        turned.append(np.asarray(image))
    check_same(decoded("o.kmq")[0], turned)


def test_background(capsys):
    """Partial alpha is flattened for GIF if a color says on what, and else an error."""
    frames = [picture(9, 9, 20, 4, seed) for seed in range(3)]
    save_kmq(frames=frames)
    assert convert.main(["m.kmq", "n.gif"]) == 1
    assert "GIF holds no partial transparency; --background COLOR flattens it" in told(capsys)
    assert convert.main(["--background", "white", "m.kmq", "n.gif"]) == 0
    with Image.open("n.gif") as image:
        for number, frame in enumerate(frames):
            image.seek(number)
            white = Image.new("RGBA", (9, 9), "white")
            white.alpha_composite(Image.fromarray(frame))
            difference = np.asarray(image.convert("RGB"), int) - np.asarray(white.convert("RGB"))
            assert np.abs(difference).max() <= 1


def test_gif_of_many_colors(capsys):
    """256 a frame are enough, however many there are in all; more are an error with a hint."""
    frames = [picture(30, 20, 200, seed=seed) for seed in range(3)]
    save_kmq(frames=frames, colors=600)
    assert convert.main(["m.kmq", "n.gif"]) == 0
    assert convert.main(["n.gif", "-k", "600", "o.kmq"]) == 0
    check_same(decoded("o.kmq")[0], frames)
    save_kmq(frames=[*frames, picture(30, 20, 300)], colors=900)
    assert convert.main(["-f", "m.kmq", "p.gif"]) == 1
    assert "256 colors a frame, and frame 3 has more; convert to .kmq with -k 256 " in told(capsys)
    assert not Path("p.gif").exists()


def test_sizes_that_differ(capsys):
    """Pages of other sizes are no frames, and what helps is told."""
    pages = [Image.new("L", size) for size in ((9, 9), (9, 9), (8, 9))]
    pages[0].save("n.tif", save_all=True, append_images=pages[1:])
    assert convert.main(["n.tif"]) == 1
    assert "n.tif: frame 2 is 8x9, and frame 0 9x9; --frames 0:2 leaves it out" in told(capsys)
    assert convert.main(["--frames", "0:2", "n.tif"]) == 0


def test_damaged_inputs(capsys):
    """A fault in a later frame leaves no file, and names the input."""
    save("n.gif", moving())
    save("n.png", moving())
    save_kmq()
    for name in ("n.gif", "n.png", "m.kmq"):
        data = bytearray(Path(name).read_bytes())
        data[-20] ^= 255
        Path(name).write_bytes(data[:-1] if name == "n.gif" else data)
    Path("n.gif").write_bytes(Path("n.gif").read_bytes()[:-9])
    for name in ("n.gif", "n.png", "m.kmq"):
        assert convert.main([name, "-o", "o.kmq"]) == 3
        assert told(capsys).startswith(f"kmq-convert: {name}: ")
    for name in ("o.gif", "o.png", "o.webp", "frames/"):
        assert convert.main(["-q", "m.kmq", name]) == 3
        assert told(capsys).startswith("kmq-convert: m.kmq: ")
    assert not list(Path().glob("o.*"))
    assert not Path("frames").exists()


def test_limits(monkeypatch, capsys):
    """More frames than a program may be given are refused before one is read."""
    for name in ("n.gif", "n.png", "n.webp", "n.tif"):
        save(name, moving())
    save_kmq()
    monkeypatch.setattr(reading, "MAX_FRAMES", COUNT - 1)
    for name in ("n.gif", "n.png", "n.webp", "n.tif", "m.kmq"):
        assert convert.main([name, "-o", "o.kmq"]) == 1
        assert told(capsys) == f"kmq-convert: {name}: more than 5 frames\n"


def test_modes_that_cannot_be_written(capsys):
    """Frames of 16 bits are refused, as one picture of them is."""
    images = [Image.fromarray(np.full((4, 4), n, np.uint16)) for n in (1, 2)]
    images[0].save("n.png", save_all=True, append_images=images[1:])
    images[0].save("n.tif", save_all=True, append_images=images[1:])
    for name in ("n.png", "n.tif"):
        assert convert.main([name, "o.kmq"]) == 1
        assert "cannot write mode I;16 as KMQ" in told(capsys)


@posix
def test_interruption_leaves_nothing(place, monkeypatch):
    """Nor does a signal between two frames."""
    save("n.gif", moving())
    before = sorted(place.iterdir())

    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(gif_reader.GifReader, "duration", interrupted)
    assert convert.main(["n.gif"]) == 130
    assert sorted(place.iterdir()) == before


def test_a_stream_without_frames():
    """A GIF that shows nothing is none."""
    Path("n.gif").write_bytes(gif((1, 1), []))
    assert convert.main(["n.gif"]) == 3


def test_frames_come_one_at_a_time(monkeypatch):
    """Of a long GIF no more than a few frames are held at once."""
    alive, most = [0], [0]

    class Counted(io.BytesIO):
        def __init__(self, *arguments):
            super().__init__(*arguments)
            alive[0] += 1
            most[0] = max(most[0], alive[0])

        def __del__(self):
            alive[0] -= 1

    save("n.gif", moving(count=9) * 5)
    monkeypatch.setattr(gif_reader, "BytesIO", Counted)
    assert convert.main(["n.gif"]) == 0
    assert most[0] <= 3
