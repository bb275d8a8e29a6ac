"""Moving pictures in Pillow: frames are opened and saved as those of Pillow's own formats."""

import io
import pickle
from fractions import Fraction

import numpy as np
import pytest
from helpers import noise, photo, picture
from PIL import Image, ImageChops, ImageDraw, ImageFile, ImageSequence

import kmcodec
from kmcodec.plugin import view

SIZE = (37, 23)
MODES = ["1", "L", "LA", "P", "PA", "RGB", "RGBA"]

both_codings = pytest.mark.parametrize("coding", ["modelled", "packed"])


def an_image(mode, size=SIZE):
    """Make a picture of some mode, of at most 20 colors, with all its bands in use."""
    image = Image.fromarray(photo(*size)).quantize(20)
    alpha = Image.fromarray(np.resize(np.array([0, 255, 255, 80], np.uint8), size[::-1]))
    if mode in ("PA", "RGBA"):
        image = image.convert(mode)
        image.putalpha(alpha)
        return image
    if mode == "LA":
        gray = image.convert("L")
        gray.putalpha(alpha)
        return gray
    return image.convert(mode)


def some_frames(mode="RGB", count=5, size=SIZE, shift=3):
    """Make frames of one mode, and of one palette, that differ from one another."""
    image = an_image(mode, size)
    return [ImageChops.offset(image, shift * number, number) for number in range(count)]


def saved(frames, **options):
    """Return the bytes of images saved as the frames of a KMQ file."""
    file = io.BytesIO()
    first, *others = frames
    first.save(file, "KMQ", save_all=True, append_images=others, **options)
    return file.getvalue()


def reopened(frames, **options):
    """Make an image of frames that were saved as KMQ and opened again."""
    return Image.open(io.BytesIO(saved(frames, **options)))


def colors_of(image):
    """Return each frame's colors, as RGBA."""
    return [np.asarray(frame.convert("RGBA")) for frame in ImageSequence.Iterator(image)]


def durations_of(image):
    """Return each frame's duration, which some of Pillow's formats know once it is loaded."""
    durations = []
    for frame in ImageSequence.Iterator(image):
        frame.load()
        durations.append(frame.info["duration"])
    return durations


def are_equal(first, second):
    """Tell whether two images are of one mode, size, palette and pixels."""
    kinds = [(image.mode, image.size, image.getpalette()) for image in (first, second)]
    return kinds[0] == kinds[1] and first.tobytes() == second.tobytes()


def places_of_frames(data):
    """Return where frames are, with their checksums: pairs of offset and size."""
    sections = kmcodec.info(data).sections
    return [(part.offset, part.size) for part in sections if part.name == "frame"]


# Opening


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("band_rows", [None, 7])
@both_codings
def test_frames_open_in_their_own_mode(mode, band_rows, coding):
    """Frames have mode, palette and transparency as stills have them, wherever they are."""
    frames = some_frames(mode)
    again = reopened(frames, band_rows=band_rows, coding=coding)

    assert (again.n_frames, again.is_animated, again.tell()) == (5, True, 0)
    for number, frame in enumerate(ImageSequence.Iterator(again)):
        assert again.tell() == number
        assert are_equal(frame, frames[number])


def test_transparent_palettes_are_those_of_stills():
    """The transparent color of P is there in every frame, also after it was taken away."""
    frames = some_frames("P")
    for frame in frames:
        frame.info["transparency"] = 3
    again = reopened(frames)
    for number, frame in enumerate(ImageSequence.Iterator(again)):
        assert are_equal(frame.convert("RGBA"), frames[number].convert("RGBA"))
        assert frame.info.pop("transparency") == 3
    again.seek(2)
    assert again.info["transparency"] == 3


@pytest.mark.parametrize("key_interval", [1, 3, None])
@both_codings
def test_frames_come_in_any_order(key_interval, coding):
    """Seeking back and forth gives what reading in order does."""
    frames = some_frames(count=9)
    again = reopened(frames, key_interval=key_interval, coding=coding)
    order = [8, 0, 4, 5, 3, 3, 7, 1, 2, 6, 0]
    for number in order:
        again.seek(number)
        assert again.tell() == number
        assert are_equal(again, frames[number])
    sequence = ImageSequence.Iterator(again)
    assert [sequence[number].tobytes() for number in order] == [
        frames[number].tobytes() for number in order
    ]


@pytest.mark.parametrize("file_format", ["KMQ", "GIF", "PNG", "WEBP"])
@pytest.mark.parametrize("frame", [-1, 5, 10**9])
def test_there_is_nothing_beyond_the_frames(file_format, frame):
    """Seeking there is an EOFError in Pillow's words, and the image stays as it was."""
    file = io.BytesIO()
    first, *others = some_frames()
    first.save(file, file_format, save_all=True, append_images=others)
    with Image.open(file) as image:
        image.seek(3)
        pixels = image.convert("RGB").tobytes()
        with pytest.raises(EOFError, match=r"attempt to seek outside|no more images"):
            image.seek(frame)
        assert image.tell() == 3
        assert image.convert("RGB").tobytes() == pixels
        image.seek(4)


def test_a_frame_is_a_whole_number():
    """Anything else is a mistake of the caller, and changes nothing."""
    again = reopened(some_frames())
    with pytest.raises(TypeError):
        again.seek(1.5)
    assert again.tell() == 0
    again.seek(np.int64(2))
    assert again.tell() == 2


def test_a_still_has_one_frame():
    """It has neither duration nor loop count, as there is nothing to show after it."""
    again = reopened([an_image("RGB")], duration=70, loop=2)
    again.seek(0)

    assert (again.n_frames, again.is_animated, again.info) == (1, False, {})
    with pytest.raises(EOFError):
        again.seek(1)


def test_durations_are_those_of_the_current_frame():
    """They are in milliseconds, whole ones as int, beside the loop count of all."""
    given = [40, Fraction(100, 3), 0, 1.5, 10**6]
    again = reopened(some_frames(), duration=given, loop=3)
    shown = durations_of(again)

    assert shown == [40, 100 / 3, 0, 1.5, 10**6]
    assert list(map(type, shown)) == [int, float, int, float, int]
    assert again.info["loop"] == 3
    again.seek(1)
    assert again.info["duration"] == 100 / 3
    assert reopened(some_frames()).info == {"duration": 100, "loop": 0}


def test_metadata_stays_while_frames_change():
    """EXIF and all else of the file are there in every frame, and what the caller adds."""
    frames = some_frames()
    exif = Image.Exif()
    exif[0x0112] = 6
    again = reopened(frames, exif=exif, comment="hello", dpi=(300, 300))
    again.info["mine"] = 1
    for frame in ImageSequence.Iterator(again):
        assert frame.getexif()[0x0112] == 6
        assert frame._getexif()[0x0112] == 6
        assert (frame.info["comment"], frame.info["dpi"]) == (b"hello", (300, 300))
        assert frame.info["mine"] == 1


def test_a_frame_is_copied_and_converted_as_a_still():
    """Copies keep their pixels, duration and loop count when the image seeks on."""
    frames = some_frames("P")
    again = reopened(frames, duration=[1, 2, 3, 4, 5], loop=6)
    copies = [frame.copy() for frame in ImageSequence.Iterator(again)]
    grays = [frame.convert("L") for frame in ImageSequence.Iterator(again)]

    assert all(map(are_equal, copies, frames))
    assert [copy.info["duration"] for copy in copies] == [1, 2, 3, 4, 5]
    assert {copy.info["loop"] for copy in copies} == {6}
    assert [copy.n_frames for copy in copies if hasattr(copy, "n_frames")] == []
    assert all(map(are_equal, grays, [frame.convert("L") for frame in frames]))


@pytest.mark.parametrize("mode", ["P", "RGB", "L"])
def test_changes_to_a_frame_end_with_it(mode):
    """What is drawn on a frame, and a mode it got, are gone when it is read again."""
    frames = some_frames(mode)
    again = reopened(frames)
    again.seek(2)
    ImageDraw.Draw(again).rectangle((0, 0, 30, 20), fill=1)
    assert not are_equal(again, frames[2])
    again.putalpha(7)
    again.seek(3)
    assert are_equal(again, frames[3])
    again.seek(2)
    assert are_equal(again, frames[2])


def test_pixels_of_an_earlier_frame_stay_what_they_were():
    """What was taken from a frame does not change when the image seeks on and loads."""
    frames = some_frames()
    again = reopened(frames)
    pixels = again.load()
    old = pixels[5, 5]
    again.seek(3)
    again.load()

    assert pixels[5, 5] == old == frames[0].getpixel((5, 5))


def test_pixels_are_made_of_the_frame_asked_for_only(monkeypatch):
    """Seeking over frames makes none, nor does loading a frame again."""
    made = []
    look_up = view.look_up

    def counting(table, indices, out):
        made.append(out.shape)
        look_up(table, indices, out)

    monkeypatch.setattr(view, "look_up", counting)
    frames = some_frames(count=9)
    again = reopened(frames)
    for number in range(9):
        again.seek(number)
        assert (again.info["duration"], again.size, again.mode) == (100, SIZE, "RGB")
    assert made == []
    assert are_equal(again, frames[8])
    again.load()
    assert made == [(*SIZE[::-1], 3)]


def test_opening_reads_the_head_only():
    """All of frames but their pixels is known before any of them is read, as of stills."""
    data = saved(some_frames(), duration=[1, 2, 3, 4, 5])
    (first, _), *_ = places_of_frames(data)
    again = Image.open(io.BytesIO(data[:first]))
    again.seek(4)

    assert (again.n_frames, again.info["duration"]) == (5, 5)
    with pytest.raises(kmcodec.TruncatedError):
        again.load()


@pytest.mark.parametrize("mode", ["RGB", "P"])
def test_a_draft_is_of_one_frame(mode):
    """Draft applies to the frame that is to be read, and the next one is whole again."""
    frames = some_frames(mode, size=(64, 48))
    again = reopened(frames)
    for number, frame in enumerate(frames):
        again.seek(number)
        assert (again.mode, again.size) == (mode, (64, 48))
        again.draft("L", (16, 16))
        assert are_equal(again, frame.convert("L").reduce(2))
        assert again.draft("L", (8, 8)) is None


def test_thumbnails_of_frames():
    """Each frame can be made a thumbnail in place, though the one before it was."""
    frames = some_frames(size=(64, 48))
    again = reopened(frames)
    for number, frame in enumerate(frames):
        again.seek(number)
        again.thumbnail((16, 16))
        frame.thumbnail((16, 16))
        assert again.size == (16, 12)
        assert np.abs(np.asarray(again).astype(int) - np.asarray(frame)).mean() < 8


@both_codings
def test_an_animation_pickles_as_its_current_frame(coding):
    """What arrives in another process is a still, as of Pillow's formats."""
    frames = some_frames()
    again = reopened(frames, coding=coding, duration=[1, 2, 3, 4, 5])
    again.seek(3)
    arrived = pickle.loads(pickle.dumps(again))

    assert are_equal(arrived, frames[3])
    assert arrived.info["duration"] == 4
    assert (arrived.n_frames, arrived.is_animated, arrived.tell()) == (1, False, 0)
    arrived.seek(0)
    with pytest.raises(EOFError):
        arrived.seek(1)


@pytest.mark.parametrize("file_format", ["KMQ", "GIF", "PNG"])
def test_files_are_open_until_they_are_closed(file_format, tmp_path):
    """Loading a frame keeps the file for the others; closing is the end, as for Pillow's own."""
    path = tmp_path / "x"
    first, *others = some_frames()
    first.save(path, file_format, save_all=True, append_images=others)
    with Image.open(path) as image:
        image.load()
        image.seek(2)
        image.load()
        file = image._fp
        assert not file.closed
    assert file.closed
    with pytest.raises(ValueError, match="Operation on closed image"):
        image.seek(4)
    image = Image.open(path)
    image.seek(2)
    file = image._fp
    image.close()
    assert file.closed
    with pytest.raises(ValueError, match="Operation on closed image"):
        image.load()


def test_a_stream_of_the_callers_stays_open():
    """Leaving the block does not close it, so that its frames can be read on."""
    frames = some_frames()
    file = io.BytesIO(saved(frames))
    with Image.open(file) as image:
        image.load()
    assert not file.closed
    image.seek(2)
    assert are_equal(image, frames[2])


@pytest.mark.parametrize("size", [7, 1000, 10**6])
def test_the_parser_takes_frames_in_pieces(size):
    """ImageFile.Parser gives the first frame of a whole file however the data arrives."""
    frames = some_frames()
    data = saved(frames)
    parser = ImageFile.Parser()
    for start in range(0, len(data), size):
        parser.feed(data[start : start + size])

    image = parser.close()
    assert are_equal(image, frames[0])
    assert image.n_frames == 5


@both_codings
def test_verify_reads_all_frames(coding):
    """It finds damage in any frame without making an image, and lets go of the file."""
    data = bytearray(saved(some_frames(), coding=coding))
    places = places_of_frames(data)
    image = Image.open(io.BytesIO(data))
    image.verify()
    with pytest.raises(RuntimeError, match="verify must be called directly after open"):
        image.verify()
    for offset, size in places:
        if size:
            data[offset] ^= 4
            with pytest.raises(kmcodec.KmqError):
                Image.open(io.BytesIO(data)).verify()
            data[offset] ^= 4


def test_a_verified_file_is_closed(tmp_path):
    """After verify the file that Image.open opened is closed, also of frames."""
    path = tmp_path / "x.kmq"
    path.write_bytes(saved(some_frames()))
    image = Image.open(path)
    file = image.fp
    image.verify()

    assert file.closed
    with pytest.raises(ValueError, match="closed"):
        image.seek(1)


@both_codings
def test_a_damaged_frame_spoils_no_other(coding):
    """It is an error each time it is asked for; those that do not depend on it can be read."""
    frames = some_frames(count=6)
    data = bytearray(saved(frames, key_interval=2, coding=coding))
    offset, size = places_of_frames(data)[3]
    data[offset + size // 2] ^= 1
    image = Image.open(io.BytesIO(data))
    for number in [0, 2, 4, 5, 3, 3, 2, 3, 1, 5]:
        image.seek(number)
        if number == 3:
            with pytest.raises(kmcodec.KmqError, match="frame 3"):
                image.load()
        else:
            assert are_equal(image, frames[number])


def test_errors_name_the_file(tmp_path):
    """Damage in any frame is told with the path that the caller gave."""
    path = tmp_path / "x.kmq"
    data = bytearray(saved(some_frames()))
    data[-1] ^= 1
    path.write_bytes(data)
    with Image.open(path) as image:
        image.seek(4)
        with pytest.raises(kmcodec.ChecksumError) as caught:
            image.load()
    assert caught.value.filename == str(path)
    with Image.open(path) as image, pytest.raises(kmcodec.ChecksumError) as caught:
        image.verify()
    assert caught.value.filename == str(path)


@both_codings
def test_whole_frames_of_a_truncated_file_are_read_if_asked_for(coding, monkeypatch):
    """Then there are as many frames as are whole, with a warning; else none is."""
    frames = some_frames()
    data = saved(frames, coding=coding)
    offset, size = places_of_frames(data)[3]
    cut = io.BytesIO(data[: offset + size // 2])
    for number in (0, 3):
        image = Image.open(cut)
        image.seek(number)
        with pytest.raises(kmcodec.TruncatedError, match="frame 3 of 5"):
            image.load()

    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
    image = Image.open(cut)
    with pytest.warns(UserWarning, match="3 of 5 frames are whole"):
        assert (image.n_frames, image.is_animated) == (3, True)
    assert [frame.tobytes() for frame in ImageSequence.Iterator(image)] == [
        frame.tobytes() for frame in frames[:3]
    ]
    with pytest.raises(EOFError):
        image.seek(3)
    assert Image.open(io.BytesIO(data)).n_frames == 5  # and no warning


def test_a_file_without_a_whole_frame_is_blank_if_asked_for(monkeypatch):
    """There is always a current frame, of which nothing is there, as in a still."""
    data = saved(some_frames())
    (offset, _), *_ = places_of_frames(data)
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
    image = Image.open(io.BytesIO(data[:offset]))
    with pytest.warns(UserWarning, match="0 of 5 frames are whole"):
        assert (image.n_frames, image.is_animated, image.tell()) == (1, False, 0)
    assert not np.asarray(image).any()


def test_load_gives_the_first_frame(tmp_path):
    """It has read all it reads, so that others are asked of Image.open, as it says."""
    frames = some_frames("P")
    path = tmp_path / "x.kmq"
    data = saved(frames, duration=70)
    path.write_bytes(data)
    for source in (path, data, io.BytesIO(data)):
        image = kmcodec.load(source)
        assert are_equal(image, frames[0])
        assert (image.n_frames, image.info["duration"]) == (5, 70)
        with pytest.raises(ValueError, match="open"):
            image.seek(1)
        assert are_equal(image, frames[0])


def test_load_takes_no_truncated_frames(monkeypatch):
    """Whatever Pillow is told, a truncated file is an error, even behind the first frame."""
    data = saved(some_frames())
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
    with pytest.raises(kmcodec.TruncatedError):
        kmcodec.load(data[:-1])


def test_load_reports_its_progress():
    """Of frames it decodes one, which it says."""
    seen = []
    kmcodec.load(saved(some_frames()), progress=lambda *step: seen.append(step))

    assert seen[0] == ("decoding", 0, 1)
    assert seen[-1] == ("decoding", 1, 1)


@pytest.mark.parametrize("mode", ["P", "RGB", "RGBA", "L"])
@pytest.mark.parametrize("file_format", ["GIF", "PNG", "WEBP"])
def test_pillows_writers_take_frames_from_here(mode, file_format):
    """They make of a .kmq animation what they make of its frames, durations and loop count."""
    first, *others = some_frames(mode, count=4)
    timing = {"duration": [30, 40, 50, 20], "loop": 2}
    again = reopened([first, *others], **timing)
    wanted, found = io.BytesIO(), io.BytesIO()
    first.save(wanted, file_format, save_all=True, append_images=others, **timing)
    brings_along = file_format != "WEBP"  # whose writer asks the first frame only
    again.save(found, file_format, save_all=True, **({} if brings_along else timing))

    assert found.getvalue() == wanted.getvalue()


# Saving


@pytest.mark.parametrize("mode", MODES)
def test_bytes_are_those_of_encode_frames(mode):
    """Pillow's way and ours make the same file of the same frames and options."""
    frames = some_frames(mode)
    options = {"duration": [10, 20, 30, 40, 50], "loop": 4, "key_interval": 2, "comment": "x"}

    assert saved(frames, **options) == kmcodec.encode_frames(frames, **options)
    assert saved(frames, colors=8) == kmcodec.encode_frames(frames, 8)


@pytest.mark.parametrize("kind", [list, tuple, iter])
def test_more_images_come_in_any_order_of_containers(kind):
    """append_images is a list, a tuple or a generator, and without save_all asks for it."""
    first, *others = some_frames()
    file = io.BytesIO()
    first.save(file, "KMQ", append_images=kind(others))

    assert file.getvalue() == saved([first, *others])


def test_all_frames_of_all_images_are_taken():
    """Images of several frames are saved with all of them, wherever they stand, and stay there."""
    frames = some_frames(count=6)
    file = io.BytesIO()
    frames[2].save(file, "PNG", save_all=True, append_images=[frames[3]])
    moving = reopened(frames[:2]), Image.open(file), reopened(frames[4:])
    for image in moving:
        image.seek(1)
    again = reopened(moving)

    assert again.n_frames == 6
    assert all(map(are_equal, [f.copy() for f in ImageSequence.Iterator(again)], frames))
    assert [image.tell() for image in moving] == [1, 1, 1]


def test_an_image_may_come_twice():
    """Each time all its frames are taken."""
    frames = some_frames(count=2)
    image = reopened(frames)
    again = reopened([image, frames[0], image])

    assert [f.tobytes() for f in ImageSequence.Iterator(again)] == [
        frames[number].tobytes() for number in (0, 1, 0, 0, 1)
    ]


def test_images_stay_where_they_stand_when_saving_fails():
    """An error while frames are taken leaves all images at their frame."""
    moving = reopened(some_frames(count=4))
    moving.seek(2)
    with pytest.raises(ValueError, match="frame"):
        saved([moving, Image.new("RGB", (3, 3))])
    assert moving.tell() == 2


def test_save_without_save_all_saves_the_current_frame():
    """Image.save and kmcodec.save make a still of the frame that is shown."""
    frames = some_frames()
    image = reopened(frames)
    image.seek(3)
    file, ours = io.BytesIO(), io.BytesIO()
    image.save(file, "KMQ")
    kmcodec.save(image, ours)

    assert file.getvalue() == ours.getvalue() == kmcodec.encode(frames[3])
    assert image.tell() == 3


def test_save_all_of_one_frame_is_a_still():
    """A file of one frame is the same with and without save_all."""
    image = an_image("RGB")

    assert saved([image]) == saved([image], duration=70, loop=3) == kmcodec.encode(image)


def test_durations_come_along():
    """Without an option each frame has its own, whatever format it comes from, or 100 ms."""
    frames = some_frames(count=4)
    frames[1].info["duration"] = 70
    frames[3].info["duration"] = 2.5

    assert durations_of(reopened(frames)) == [100, 70, 100, 2.5]
    assert durations_of(reopened(frames, duration=None)) == [100, 70, 100, 2.5]
    assert durations_of(reopened(frames, duration=20)) == [20] * 4
    assert durations_of(reopened(frames, duration=(1, 2, 3, 4))) == [1, 2, 3, 4]


def test_exact_durations_survive_reopening():
    """A third of a tenth stays one, though Pillow shows it as a float."""
    frames = some_frames(count=3)
    exact = Fraction(1000, 30)
    data = saved(frames, duration=exact)
    again = saved([Image.open(io.BytesIO(data))])

    assert again == data
    assert [frame.duration for frame in kmcodec.decode_frames(again)] == [exact] * 3


def test_the_loop_count_is_the_first_images():
    """An option wins over what the first image brings along, which wins over for ever."""
    frames = some_frames(count=3)
    assert reopened(frames).info["loop"] == 0
    frames[1].info["loop"] = 9
    assert reopened(frames).info["loop"] == 0
    frames[0].info["loop"] = 5
    assert reopened(frames).info["loop"] == 5
    assert reopened(frames, loop=1).info["loop"] == 1


def test_metadata_is_the_first_images():
    """What the image that is saved brings along is kept, unless an option replaces it."""
    frames = some_frames(count=3)
    frames[0].info.update(comment=b"first", dpi=(72.0, 72.0))
    frames[1].info.update(comment=b"second")
    again = reopened(frames)

    assert (again.info["comment"], again.info["dpi"]) == (b"first", (72, 72))
    assert reopened(frames, comment="x").info["comment"] == b"x"


@pytest.mark.parametrize("size", [(20, 20), (40, 23), (37, 1)])
def test_frames_of_another_size_are_refused_by_number(size, tmp_path):
    """Nothing is cut off, and nothing made up around a smaller one; no file is left."""
    first, *others = some_frames(count=3)
    path = tmp_path / "x.kmq"
    with pytest.raises(ValueError, match=r"frame 3 .*37 x 23"):
        first.save(path, save_all=True, append_images=[*others, Image.new("RGB", size)])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("mode", ["I", "F", "I;16", "LAB"])
def test_modes_that_cannot_be_written_are_named(mode, tmp_path):
    """A frame whose mode would lose data is an OSError in Pillow's words, and no file is left."""
    path = tmp_path / "x.kmq"
    frames = [an_image("RGB"), Image.new(mode, SIZE)]
    for first, other in (frames, reversed(frames)):
        with pytest.raises(OSError, match=f"cannot write mode {mode} as KMQ"):
            first.save(path, save_all=True, append_images=[other])
        assert list(tmp_path.iterdir()) == []


def test_frames_of_several_modes_become_one():
    """They are RGB, or RGBA if one has alpha, and keep their colors."""
    frames = [an_image(mode) for mode in ("P", "L", "RGB", "1")]
    assert reopened(frames).mode == "RGB"
    frames.append(an_image("LA"))
    again = reopened(frames)

    assert again.mode == "RGBA"
    for found, frame in zip(colors_of(again), frames, strict=True):
        assert (found == np.asarray(frame.convert("RGBA"))).all()


def test_options_of_other_formats_are_ignored_with_a_warning():
    """What Pillow's GIF writer takes and KMQ has not is told by name, and changes nothing."""
    frames = some_frames(count=2)
    for name in ("disposal", "optimize", "transparency", "blend", "minimize_size"):
        with pytest.warns(UserWarning, match=f"no option '{name}'"):
            assert saved(frames, **{name: 1}) == saved(frames)
    with pytest.warns(UserWarning, match="'durations'.*did you mean 'duration'"):
        saved(frames, durations=3)


@pytest.mark.parametrize("name", ["duration", "loop", "key_interval"])
def test_options_of_frames_are_ignored_in_stills_with_a_warning(name):
    """Who gives one without save_all learns what it lacks."""
    file = io.BytesIO()
    with pytest.warns(UserWarning, match=f"no option '{name}'.*save_all=True"):
        an_image("RGB").save(file, "KMQ", **{name: 1})
    assert file.getvalue() == kmcodec.encode(an_image("RGB"))


@pytest.mark.parametrize("append_images", ["x.png", an_image("L"), [None], [["x"]], 3])
def test_what_is_no_image_is_refused(append_images, tmp_path):
    """A path or a list within the list is a mistake that is told as such; no file is left."""
    with pytest.raises(TypeError, match="append_images"):
        an_image("RGB").save(tmp_path / "x.kmq", save_all=True, append_images=append_images)
    assert list(tmp_path.iterdir()) == []


def test_an_animation_is_saved_over_itself(tmp_path):
    """Its frames are all there though Pillow empties the file first, and more can be added."""
    path = tmp_path / "x.kmq"
    frames = some_frames(count=4)
    path.write_bytes(saved(frames[:3]))
    with Image.open(path) as image:
        image.seek(1)
        image.save(path, save_all=True, append_images=frames[3:])
        assert image.tell() == 1
        assert are_equal(image, frames[1])

    assert path.read_bytes() == saved(frames)


# Other formats, and back


def rectangles(mode, count=6):
    """Make frames of a few flat areas that move, with transparent ones in RGBA."""
    frames = []
    for number in range(count):
        frame = Image.new(mode, SIZE, (200, 10, 10, 0)[: len(mode)])
        draw = ImageDraw.Draw(frame)
        colors = noise((3, 3), seed=number % 3).tolist()
        for place, color in enumerate(colors):
            left = 3 * number + 9 * place
            draw.rectangle((left, place, left + 8, 20), fill=(*color, 255)[: len(mode)])
        frames.append(frame)
    return frames


def assert_same_when_saved(file):
    """Open a file of another format, save all as .kmq, and compare what opens."""
    with Image.open(file) as image:
        image.seek(image.n_frames - 1)
        again = reopened([image])
        wanted = colors_of(image)
        assert again.n_frames == len(wanted) > 1
        for number, found in enumerate(colors_of(again)):
            assert (found == wanted[number]).all(), number
        assert durations_of(again) == durations_of(image)
        assert again.info["loop"] == image.info.get("loop", 0)


@pytest.mark.parametrize("disposal", [0, 1, 2, 3, [2, 0, 3, 1, 2, 2]])
@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
@pytest.mark.parametrize("loop", [None, 0, 3])
def test_gifs_are_saved_as_they_open(disposal, mode, loop):
    """Disposal, transparency and local palettes are what Pillow makes of them."""
    first, *others = rectangles(mode)
    file = io.BytesIO()
    durations = [30, 1000, 20, 70, 70, 10]
    options = {} if loop is None else {"loop": loop}
    first.save(
        file,
        "GIF",
        save_all=True,
        append_images=others,
        disposal=disposal,
        duration=durations,
        **options,
    )
    assert_same_when_saved(file)


def test_gifs_of_more_colors_than_a_palette_has_are_exact():
    """Palettes of single frames, of 200 other colors each, become one of all their colors."""
    frames = [Image.fromarray(picture(*SIZE, 200, seed=seed)) for seed in range(4)]
    file = io.BytesIO()
    frames[0].save(file, "GIF", save_all=True, append_images=frames[1:], duration=40, loop=0)
    assert_same_when_saved(file)


@pytest.mark.parametrize("disposal", [0, 1, 2])
@pytest.mark.parametrize("blend", [0, 1])
@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_apngs_are_saved_as_they_open(disposal, blend, mode):
    """Disposal and blending are what Pillow makes of them, and fractions of durations stay."""
    first, *others = rectangles(mode)
    file = io.BytesIO()
    durations = [30, 1000 / 30, 20.5, 70, 1000 / 24, 0]
    first.save(
        file,
        "PNG",
        save_all=True,
        append_images=others,
        disposal=disposal,
        blend=blend,
        duration=durations,
        loop=2,
    )
    assert_same_when_saved(file)


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_webps_are_saved_as_they_open(mode):
    """Their durations are known once a frame is loaded, and come along all the same."""
    first, *others = rectangles(mode)
    file = io.BytesIO()
    first.save(
        file,
        "WEBP",
        save_all=True,
        append_images=others,
        lossless=True,
        duration=[30, 1000, 20, 70, 75, 1],
        loop=7,
    )
    assert_same_when_saved(file)


def test_pages_of_a_tiff_are_frames():
    """Pages of one size are saved as frames, in their mode."""
    frames = some_frames("L", count=3)
    file = io.BytesIO()
    frames[0].save(file, "TIFF", save_all=True, append_images=frames[1:])
    with Image.open(file) as image:
        again = reopened([image])

    assert (again.n_frames, again.mode, again.info["duration"]) == (3, "L", 100)
    assert all(map(are_equal, ImageSequence.Iterator(again), frames))
