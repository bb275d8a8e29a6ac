"""Frames encoded and decoded as whole staircases."""

import gc
import math
import subprocess
import sys
from fractions import Fraction
from io import BytesIO
from itertools import pairwise

import numpy as np
import pytest
from helpers import drawing, noise, photo, picture
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from test_gathered import MIXED, PALETTE, moving, paletted

import kmcodec
from kmcodec.errors import ChecksumError, KmqError, LimitError, QualityError
from kmcodec.format import Coding, Mode

CODINGS = ["packed", "modelled"]
both_codings = pytest.mark.parametrize("coding", CODINGS)


def pixels_of(data, **options):
    """Return the pixels of all frames of a file."""
    return [frame.pixels for frame in kmcodec.decode_frames(data, **options)]


def in_color(image):
    """Return an image or array as RGB, or RGBA if it has alpha."""
    if isinstance(image, np.ndarray):
        image = Image.fromarray(image)
    has_alpha = image.mode in ("LA", "PA", "RGBA") or "transparency" in image.info
    return np.asarray(image.convert("RGBA" if has_alpha else "RGB"))


@both_codings
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_few_colors_are_kept_exactly(coding, channels):
    """All frames come back as they were, with the mode."""
    images = list(moving(channels))
    data = kmcodec.encode_frames(images, coding=coding, duration=40)

    assert data.is_exact
    assert kmcodec.info(data).header.mode == [Mode.L, Mode.LA, Mode.RGB, Mode.RGBA][channels - 1]
    for frame, image in zip(kmcodec.decode_frames(data), images, strict=True):
        assert frame.pixels.tolist() == in_color(image).tolist()
        assert frame.duration == 40


@both_codings
@settings(max_examples=50)
@given(
    shape=st.tuples(st.integers(1, 9), st.integers(1, 9)),
    seeds=st.lists(st.integers(0, 3), min_size=2, max_size=9),
    interval=st.integers(1, 5),
)
def test_any_frames_come_back(coding, shape, seeds, interval):
    """Whatever changes from one to the next."""
    images = [noise((*shape, 3), seed) // 64 * 64 for seed in seeds]
    file = kmcodec.encode_frames(images, coding=coding, key_interval=interval)

    assert [frame.tolist() for frame in pixels_of(file)] == [image.tolist() for image in images]


@both_codings
@pytest.mark.parametrize("name", MIXED)
def test_frames_of_several_kinds_come_back_in_color(coding, name):
    """As RGB, or RGBA if one has alpha."""
    images, mode = MIXED[name]
    data = kmcodec.encode_frames(images, coding=coding)

    assert data.is_exact
    assert kmcodec.info(data).header.mode == mode
    for pixels, image in zip(pixels_of(data), images, strict=True):
        shown = np.asarray(Image.fromarray(in_color(image)).convert(mode.pillow))
        assert pixels.tolist() == shown.tolist()


@both_codings
def test_a_shared_palette_keeps_its_order(coding):
    """Indices too, of all frames, though codes may have another order."""
    images = [paletted(frame, PALETTE) for frame in moving(1)]
    data = kmcodec.encode_frames(images, coding=coding)
    palette, indices = kmcodec.decode_indexed(data)

    assert palette.ravel().tolist() == PALETTE
    assert indices.tolist() == np.asarray(images[0]).tolist()
    assert pixels_of(data)[7].tolist() == in_color(images[7]).tolist()


@both_codings
def test_many_colors_share_a_palette(coding):
    """The PSNR is that of all frames, and none of them is far off."""
    images = [photo(40, 30, seed) for seed in range(3)]
    data = kmcodec.encode_frames(images, 32, coding=coding)
    errors = [
        np.mean((image - pixels.astype(float)) ** 2)
        for image, pixels in zip(images, pixels_of(data), strict=True)
    ]

    assert kmcodec.info(data).header.color_count == 32
    assert data.psnr == pytest.approx(10 * math.log10(255**2 / np.mean(errors)))
    assert not data.is_exact


def test_colors_of_frames_that_have_few_each_are_all_kept():
    """By default, more than 256 in all are no reason to lose any."""
    images = [picture(20, 15, 200, seed=seed) for seed in range(4)]
    data = kmcodec.encode_frames(images, coding="packed")

    assert data.is_exact
    assert kmcodec.info(data).header.color_count > 256
    assert not kmcodec.encode_frames(images, 256, coding="packed").is_exact


@both_codings
@pytest.mark.parametrize("options", [{"dither": 1}, {"rate": 16}, {"dithering": "ordered"}])
def test_what_stands_still_does_not_flicker(coding, options):
    """A pixel that is as in the frame before is shown as before."""
    images = [photo(40, 30)]
    for number in range(4):
        images.append(images[-1].copy())
        images[-1][7 * number : 7 * number + 5, :20] = noise((5, 20, 3), number)
    shown = pixels_of(kmcodec.encode_frames(images, 12, coding=coding, **options))
    for (before, after), (first, second) in zip(pairwise(images), pairwise(shown), strict=True):
        same = (before == after).all(axis=2)
        assert (first == second)[same].all()


@both_codings
def test_rate_makes_no_file_larger(coding):
    """If the result of rate 0 is no larger, it is taken."""
    images = [photo(40, 30, seed) for seed in range(3)]
    plain = kmcodec.encode_frames(images, 16, coding=coding)
    lowered = kmcodec.encode_frames(images, 16, coding=coding, rate=24)

    assert len(lowered) <= len(plain)


@pytest.mark.parametrize("image", [noise((5, 6, 4)), noise((5, 6)) > 99, drawing(9, 9)])
def test_one_frame_is_a_still_picture(image):
    """The file is that of ``encode``, and has one frame, of duration 0."""
    data = kmcodec.encode_frames([image], duration=[40], loop=3)

    assert data == kmcodec.encode(image)
    (frame,) = kmcodec.decode_frames(data)
    assert frame.pixels.tolist() == kmcodec.decode(data).tolist()
    assert frame.duration == 0
    assert not frame.pixels.flags.writeable
    assert list(kmcodec.decode_frames(data, start=1)) == []


def test_still_functions_show_the_first_frame():
    """``decode``, ``decode_indexed`` and ``load`` know no other."""
    images = list(moving(3))
    data = kmcodec.encode_frames(images, coding="packed")
    palette, indices = kmcodec.decode_indexed(data)

    assert kmcodec.decode(data).tolist() == images[0].tolist()
    assert palette[indices].tolist() == images[0].tolist()
    assert np.asarray(kmcodec.load(data)).tolist() == images[0].tolist()
    assert kmcodec.decode(data, box=(3, 2, 9, 7)).tolist() == images[0][2:7, 3:9].tolist()


def test_frames_are_taken_from_any_iterable():
    """Lists, generators and arrays of four dimensions give the same bytes."""
    images = list(moving(3))
    data = kmcodec.encode_frames(images, coding="packed")

    assert kmcodec.encode_frames((image for image in images), coding="packed") == data
    assert kmcodec.encode_frames(np.stack(images), coding="packed") == data


def test_an_image_may_go_on_to_its_next_frame():
    """Pillow's iterators yield the same image again, and metadata is that of the first frame."""
    file = BytesIO()
    stills = [Image.fromarray(drawing(20, 16, seed)) for seed in range(3)]
    stills[0].save(
        file, "PNG", save_all=True, append_images=stills[1:], duration=[10, 20, 40], loop=2
    )
    image = Image.open(file)

    def frames():
        for number in range(image.n_frames):
            image.seek(number)
            image.info["comment"] = f"frame {number}"
            image.getexif()[305] = f"maker {number}"
            yield image

    data = kmcodec.encode_frames(frames(), coding="packed")
    found = kmcodec.info(data)

    assert [frame.duration for frame in kmcodec.decode_frames(data)] == [10, 20, 40]
    assert found.animation.loop == 2
    assert found.metadata["comment"] == b"frame 0"
    assert b"maker 0" in found.metadata["exif"]
    assert [each.tolist() for each in pixels_of(data)] == [in_color(s).tolist() for s in stills]


def test_metadata_is_that_of_the_first_image_or_given():
    """An option replaces it, an empty one removes it."""
    images = [paletted(frame, PALETTE, comment=b"own", dpi=(72, 72)) for frame in moving(1)]
    data = kmcodec.encode_frames(images, coding="packed", comment="mine", xmp=b"x")
    assert kmcodec.info(data).metadata.keys() == {"comment", "dpi", "xmp"}
    assert kmcodec.info(data).metadata["comment"] == b"mine"

    data = kmcodec.encode_frames(images, coding="packed", comment=None)
    assert kmcodec.info(data).metadata.keys() == {"dpi"}


def test_timing_comes_back_exactly():
    """Fractions of a millisecond, too, and any number of times all frames are shown."""
    durations = [Fraction(1001, 30), 40, 0, 2.5]
    images = list(moving(3, count=4))
    data = kmcodec.encode_frames(images, coding="packed", duration=durations, loop=5)

    assert [frame.duration for frame in kmcodec.decode_frames(data)] == durations
    assert kmcodec.info(data).animation.loop == 5


def test_frames_that_do_not_change_stay_frames():
    """They have the same array, and take a byte."""
    image = drawing(30, 20)
    data = kmcodec.encode_frames([image, image, image, image // 2], coding="packed")
    first, second, third, last = pixels_of(data)

    assert second is first
    assert third is first
    assert last.tolist() == (image // 2).tolist()
    two, many = (kmcodec.encode_frames([image] * count, coding="packed") for count in (2, 1002))
    assert len(many) - len(two) < 1010


def test_arrays_of_frames_stay_as_they_are():
    """They cannot be written to, and frames that follow do not change them."""
    images = list(moving(3))
    shown = pixels_of(kmcodec.encode_frames(images, coding="packed"))

    assert [each.tolist() for each in shown] == [image.tolist() for image in images]
    assert not any(each.flags.writeable for each in shown)


@both_codings
@pytest.mark.parametrize("interval", [1, 3, 7, None])
def test_parts_are_decoded_alone(coding, interval):
    """From any frame to before any other, as a slice is taken."""
    images = [image.tolist() for image in moving(3)]
    data = kmcodec.encode_frames(
        [np.array(image, np.uint8) for image in images], coding=coding, key_interval=interval
    )
    for start, stop in ((0, None), (5, 9), (19, 20), (7, 7), (9, 5), (18, 99), (50, None), (0, 0)):
        shown = pixels_of(data, start=start, stop=stop)
        assert [each.tolist() for each in shown] == images[start:stop]


def test_parts_are_numbers_of_frames():
    """Negative ones, and what is no integer, are refused at once."""
    data = kmcodec.encode_frames(moving(3), coding="packed")
    for part in ({"start": -1}, {"stop": -1}):
        with pytest.raises(ValueError, match="must be at least 0"):
            kmcodec.decode_frames(data, **part)
    for part in ({"start": 1.0}, {"stop": "2"}, {"start": None}):
        with pytest.raises(TypeError, match="must be an integer"):
            kmcodec.decode_frames(data, **part)


@pytest.mark.parametrize(
    "limit", [{"max_frames": 19}, {"max_pixels": 125}, {"max_total_pixels": 20 * 126 - 1}]
)
def test_limits_are_kept(limit):
    """What is one above a limit is refused, and what is at it is not."""
    data = kmcodec.encode_frames(moving(3), coding="packed")
    ((name, most),) = limit.items()
    with pytest.raises(LimitError, match=str(most)):
        next(kmcodec.decode_frames(data, **limit))

    assert len(pixels_of(data, **{name: most + 1})) == 20
    assert len(pixels_of(data, **{name: None})) == 20


def test_files_are_closed(tmp_path):
    """At the end, when the iterator is closed, and on an error; those of the caller stay open."""
    path = tmp_path / "a.kmq"
    kmcodec.save_frames(moving(3), path, coding="packed")
    opened = path.open("rb")
    for source in (path, str(path), opened):
        assert len(pixels_of(source)) == 20
        frames = kmcodec.decode_frames(source)
        next(frames)
        frames.close()
    assert not opened.closed
    opened.close()
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(KmqError) as caught:
        pixels_of(path)

    assert caught.value.filename == str(path)
    gc.collect()  # which warns of files that are open


def test_frames_before_a_damaged_one_come():
    """The error names the frame, and ends the iterator."""
    images = list(moving(3))
    data = bytearray(kmcodec.encode_frames(images, coding="packed", key_interval=10))
    data[-1] ^= 1
    frames = kmcodec.decode_frames(data)
    for image in images[:19]:
        assert next(frames).pixels.tolist() == image.tolist()
    with pytest.raises(ChecksumError, match="frame 19 of 20"):
        next(frames)
    assert next(frames, None) is None


@pytest.mark.parametrize("source", [[], 5, Image.new("L", (1, 1))])
def test_what_is_no_file_is_refused(source):
    """As by ``decode``."""
    with pytest.raises(TypeError, match="path, bytes or a binary file"):
        next(kmcodec.decode_frames(source))


def test_frames_must_be_images():
    """One image alone is told apart from what is no image, and a frame that is none is named."""
    with pytest.raises(ValueError, match="at least one frame"):
        kmcodec.encode_frames([])
    for one in (Image.new("L", (2, 2)), noise((4, 4, 3))):
        with pytest.raises(TypeError, match="one image is given"):
            kmcodec.encode_frames(one)
    for none in ("a.png", b"", 5, None):
        with pytest.raises(TypeError, match="several images in a list"):
            kmcodec.encode_frames(none)
    image = noise((4, 4, 3))
    with pytest.raises(TypeError, match="frame 1: a picture is a Pillow image or an array"):
        kmcodec.encode_frames([image, "a.png"])
    with pytest.raises(ValueError, match="frame 2: cannot write mode F"):
        kmcodec.encode_frames([image, image, Image.new("F", (4, 4))])
    with pytest.raises(ValueError, match="frame 2: cannot write empty image"):
        kmcodec.encode_frames([image, image, image[:0]])
    with pytest.raises(ValueError, match="frame 1 is of 4 x 3 pixels, the first of 4 x 4"):
        kmcodec.encode_frames([image, image[:3]])


def test_options_are_checked():
    """What does not apply is refused, and so is what cannot be used, before frames are taken."""

    def untaken():
        raise AssertionError
        yield

    for options in ({"importance": np.ones((2, 2))}, {"colors": 0}, {"loop": -1}, {"duration": -1}):
        with pytest.raises(ValueError, match=next(iter(options))):
            kmcodec.encode_frames(untaken(), **options)
    with pytest.raises(TypeError, match="delay"):
        kmcodec.encode_frames(untaken(), delay=4)
    with pytest.raises(QualityError):
        kmcodec.encode_frames([photo(20, 20)] * 2, 4, exact=True)
    with pytest.raises(ValueError, match="duration has 1 values, so frame 1 has none"):
        kmcodec.encode_frames(moving(3), duration=[5])


def test_an_error_of_a_generator_ends_the_work():
    """It is raised as it is."""

    def broken():
        yield noise((4, 4, 3))
        raise RuntimeError("camera")

    with pytest.raises(RuntimeError, match="camera"):
        kmcodec.encode_frames(broken())


@both_codings
def test_bytes_do_not_depend_on_threads(coding):
    """Nor on the run."""
    images = [photo(40, 64, seed) for seed in range(3)]
    files = {
        bytes(kmcodec.encode_frames(images, 16, coding=coding, band_rows=16, threads=threads))
        for threads in (1, 2, 3, None)
    }

    assert len(files) == 1


@pytest.mark.parametrize(("frames", "reading"), [(list(moving(3)), 20), (moving(3), 1)])
def test_progress_is_told(frames, reading):
    """Of each stage, up to its end; frames are counted as far as it is known how many come."""
    told = []
    kmcodec.encode_frames(frames, 4, coding="packed", progress=lambda *step: told.append(step))

    assert [step for step in told if step[0] == "reading"] == [
        ("reading", done, reading) for done in range(reading + 1)
    ]
    assert [step for step in told if step[0] == "coding"] == [
        ("coding", done, 20) for done in range(21)
    ]


def test_frames_of_noise_are_packed():
    """If all frames together are smaller so; still ones among them have no bytes."""
    images = [noise((40, 40), seed // 2) for seed in range(6)]
    data = kmcodec.encode_frames(images)
    packed = kmcodec.encode_frames(images, coding="packed")

    assert kmcodec.info(data).header.coding == Coding.PACKED
    assert len(data) <= len(packed)
    assert [each.tolist() for each in pixels_of(data)] == [in_color(i).tolist() for i in images]
    drawn = [drawing(40, 40, seed) for seed in range(6)]
    assert kmcodec.info(kmcodec.encode_frames(drawn)).header.coding == Coding.MODELLED


def test_one_color_takes_no_payload():
    """An animation of one color is a head."""
    data = kmcodec.encode_frames([np.full((50, 60, 3), 7, np.uint8)] * 9)

    assert len(data) < 60
    assert {bytes(np.unique(pixels)) for pixels in pixels_of(data)} == {b"\x07"}
    assert kmcodec.info(data).header.coding == Coding.PACKED


def test_saved_frames_are_those_encoded(tmp_path):
    """To a path, atomically, and to an open file; what is saved is told."""
    images = list(moving(3))
    data = kmcodec.encode_frames(images, coding="packed", duration=20)
    path = tmp_path / "a.kmq"
    path.write_bytes(b"old")
    shown = kmcodec.save_frames(images, path, coding="packed", duration=20)
    file = BytesIO()
    kmcodec.save_frames(images, file, coding="packed", duration=20)

    assert path.read_bytes() == file.getvalue() == data
    assert (shown.frame_count, shown.is_exact, shown.psnr) == (20, True, math.inf)
    assert shown.palette.tolist() == kmcodec.decode_indexed(data)[0].tolist()
    assert shown.animation == kmcodec.info(data).animation
    assert kmcodec.save_frames(images[:1], BytesIO()).frame_count == 1


@pytest.mark.parametrize("target", [5, None, "a.png"])
def test_targets_are_those_of_stills(target):
    """Names of other formats and what is no file are refused before frames are taken."""
    with pytest.raises((TypeError, ValueError), match=r"target is|say \.kmq"):
        kmcodec.save_frames((1 / 0 for _ in "a"), target)


def test_a_failure_keeps_the_old_file(tmp_path):
    """Whatever happens, nothing else is left in the folder."""
    path = tmp_path / "a.kmq"
    path.write_bytes(b"old")
    for frames in ([], [noise((2, 2))] * 2 + [noise((3, 3))], (1 / 0 for _ in "a")):
        with pytest.raises((ValueError, ZeroDivisionError)):
            kmcodec.save_frames(frames, path)

    assert [(each.name, each.read_bytes()) for each in tmp_path.iterdir()] == [("a.kmq", b"old")]


FILLS_A_DISK = """
import resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))
import numpy, kmcodec
rng = numpy.random.default_rng(0)
frames = (rng.integers(0, 256, (400, 400), numpy.uint8) for _ in range(60))
try:
    kmcodec.save_frames(frames, sys.argv[1], coding="packed")
except OSError as error:
    print(error.strerror)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs limits of POSIX")
def test_a_full_disk_keeps_the_old_file(tmp_path):
    """Be it full of the file or of what waits to be written; nothing else is told."""
    path = tmp_path / "a.kmq"
    path.write_bytes(b"old")
    command = [sys.executable, "-P", "-c", FILLS_A_DISK, str(path)]
    done = subprocess.run(command, capture_output=True, check=False)

    assert (done.returncode, done.stdout, done.stderr) == (0, b"File too large\n", b"")
    assert [(each.name, each.read_bytes()) for each in tmp_path.iterdir()] == [("a.kmq", b"old")]
