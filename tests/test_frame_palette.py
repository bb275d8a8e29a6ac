"""One palette for all frames, and their pixels mapped to it."""

import numpy as np
import pytest
from helpers import drawing, noise, photo
from PIL import Image
from test_gathered import PALETTE, gather, moving, paletted

from kmcodec.errors import QualityError
from kmcodec.format import Mode
from kmcodec.images.pixels import read_image, to_channels
from kmcodec.options import Options
from kmcodec.quantizer.frames import MappedFrames, choose_frame_palettes, default_colors
from kmcodec.quantizer.indexing import index_picture
from kmcodec.quantizer.loss import pixel_loss
from kmcodec.quantizer.shared import index_pictures
from kmcodec.stages import Stages


def map_frames(images, **options):
    """Return each result for some frames: mode, palette, indices of all, and loss."""
    settings = Options(**options)
    frames = gather(images)
    results = []
    for chosen in choose_frame_palettes(frames, settings, Stages()):
        mapped = MappedFrames(frames, chosen, straight=settings.keep_hidden)
        indices = []
        for plane in mapped:
            indices.append(indices[-1] if plane is None else plane.copy())
        results.append((chosen.mode, chosen.palette, indices, mapped.loss))
    return results


def video(count=6, width=48, height=32, channels=3):
    """Make frames of many colors, of which a part changes."""
    frame = photo(width, height)
    if channels == 4:
        frame = np.dstack((frame, noise((height, width), 9)))
    for number in range(count):
        frame = frame.copy()
        top, left = 3 * number, 5 * number
        frame[top : top + 9, left : left + 12, :3] = photo(12, 9, number + 1)
        yield frame


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_few_colors_are_exact(channels):
    """Frames of no more colors than are allowed show them all."""
    images = list(moving(channels, levels=3))
    ((_, palette, indices, loss),) = map_frames(images)

    assert loss.mse == 0
    for image, plane in zip(images, indices, strict=True):
        assert palette[plane].tolist() == image.reshape(*plane.shape, channels).tolist()


@pytest.mark.parametrize(
    "options",
    [
        {"colors": 8},
        {"colors": 8, "space": "rgb", "speed": 9},
        {"colors": 5, "fixed": ["#ff0000"], "weighting": "roots"},
        {"palette": ["black", "white", "#808080"]},
        {"psnr": 24},
        {"colors": 300},
    ],
    ids=str,
)
@pytest.mark.parametrize("channels", [3, 4])
def test_the_palette_is_that_of_all_pixels_of_all_frames(options, channels):
    """It is as for several pictures, and so are the pixels and what is lost."""
    images = list(video(channels=channels))
    expected = index_pictures([read_image(image) for image in images], Options(**options))
    ((mode, palette, indices, loss),) = map_frames(images, **options)

    assert mode == (Mode.RGB if channels == 3 else Mode.RGBA)
    assert palette.tolist() == expected[0].palette.tolist()
    assert [plane.tolist() for plane in indices] == [each.indices.tolist() for each in expected]
    assert loss.mse == pytest.approx(np.mean([each.mse for each in expected]))


def test_a_still_counts_by_its_frames():
    """The colors of what is shown for long are nearer than those of a flash."""
    still, flash = photo(32, 32, 1), photo(32, 32, 2)
    ((_, palette, indices, _),) = map_frames([*[still] * 9, flash], colors=12)

    losses = [pixel_loss(each, palette, indices[n]).mse for n, each in ((0, still), (9, flash))]
    assert losses[0] < losses[1]


@pytest.mark.parametrize("dithering", ["diffusion", "ordered"])
def test_dithering_does_not_flicker(dithering):
    """A pixel keeps its index until its color changes, and the loss is that of all pixels."""
    images = list(video())
    ((_, palette, indices, loss),) = map_frames(images, colors=6, dither=1, dithering=dithering)
    for number in range(1, len(images)):
        same = (images[number] == images[number - 1]).all(axis=2)
        assert (indices[number] == indices[number - 1])[same].all()
        assert (indices[number] != indices[number - 1]).any()

    losses = [
        pixel_loss(each, palette, plane).mse for each, plane in zip(images, indices, strict=True)
    ]
    assert loss.mse == pytest.approx(np.mean(losses))


@pytest.mark.parametrize("dithering", ["diffusion", "ordered"])
def test_the_first_frame_is_dithered_as_a_picture(dithering):
    """So is what follows it, where all of it is new."""
    options = {"palette": ["black", "white", "#804020"], "dither": 1.0, "dithering": dithering}
    images = [photo(40, 30, 1), photo(40, 30, 2)]
    ((_, _, indices, _),) = map_frames(images, **options)
    for image, plane in zip(images, indices, strict=True):
        expected = index_picture(read_image(image), Options(**options))[1]

        assert plane.tolist() == expected.indices.tolist()


def test_changes_are_dithered_with_what_is_around_them():
    """Ordered, a row in the middle is as if all of the frame were mapped."""
    options = {"palette": ["black", "white"], "dither": "auto", "dithering": "ordered"}
    first = photo(40, 60, 1)
    second = first.copy()
    second[33] = photo(40, 60, 2)[33]
    ((_, _, indices, _),) = map_frames([first, second], **options)
    expected = index_picture(read_image(second), Options(**options))[1].indices

    assert indices[1][33].tolist() == expected[33].tolist()


def test_rate_does_not_flicker():
    """Beside the nearest entries there are indices of fewer changes within the same palette."""
    images = list(video())
    plain, lowered = map_frames(images, colors=16, rate=32)

    assert lowered[1].tolist() == plain[1].tolist()
    assert lowered[3].mse > plain[3].mse
    changes = [sum((np.diff(plane) != 0).sum() for plane in each[2]) for each in (plain, lowered)]
    assert changes[1] < changes[0]
    for number in range(1, len(images)):
        same = (images[number] == images[number - 1]).all(axis=2)
        assert (lowered[2][number] == lowered[2][number - 1])[same].all()
    shown = zip(images, lowered[2], strict=True)
    losses = [pixel_loss(each, lowered[1], plane).mse for each, plane in shown]
    assert lowered[3].mse == pytest.approx(np.mean(losses))


def test_a_palette_that_fits_is_kept():
    """With its order and its duplicates; what no frame uses goes if it must."""
    images = [paletted(frame, PALETTE) for frame in moving(1, levels=2)]
    ((mode, palette, indices, _),) = map_frames(images)

    assert (mode, palette.ravel().tolist()) == (Mode.P, PALETTE)
    assert [plane.tolist() for plane in indices] == [np.asarray(each).tolist() for each in images]

    ((mode, palette, indices, _),) = map_frames(images, colors=3)
    assert (mode, palette.ravel().tolist()) == (Mode.P, PALETTE[:6])
    assert [plane.tolist() for plane in indices] == [np.asarray(each).tolist() for each in images]


def test_a_palette_that_does_not_fit_is_quantized():
    """The mode stays; so it does for one that is asked for, and ``rate``."""
    images = [paletted(frame, noise((48,), 3).tolist()) for frame in moving(1, levels=16)]
    for options in ({"colors": 4}, {"palette": ["black", "white"]}, {"colors": 4, "rate": 8}):
        mode, palette, _, loss = map_frames(images, **options)[-1]

        assert mode == Mode.P
        assert len(palette) <= 4
        assert loss.mse > 0


def test_entries_asked_for_may_have_colors_and_alpha():
    """Gray frames get the mode that holds them."""
    images = list(moving(1))

    ((mode, palette, _, loss),) = map_frames(images, fixed=["#ff000080"])
    assert (mode, loss.mse) == (Mode.RGBA, 0)
    assert palette[0].tolist() == [255, 0, 0, 128]


def test_opaque_rgba_is_as_good_as_rgb():
    """What no frame needs is not compared."""
    images = list(video())
    opaque = [to_channels(image, 4) for image in images]
    ((_, palette, indices, _),) = map_frames(images, colors=9)
    ((mode, with_alpha, same, _),) = map_frames(opaque, colors=9)

    assert mode == Mode.RGBA
    assert with_alpha[:, :3].tolist() == palette.tolist()
    assert [plane.tolist() for plane in same] == [plane.tolist() for plane in indices]


def test_one_color_of_black_and_white_is_one_of_them():
    """A bilevel animation of one color is black or white."""
    ((mode, palette, _, _),) = map_frames([drawing(9, 9)[..., 0] > 99] * 2, colors=1)

    assert (mode, len(palette)) == (Mode.BILEVEL, 1)
    assert palette[0, 0] in (0, 255)


def test_pa_is_kept_or_sorted():
    """Frames with the same entries keep them; fewer colors stand together by color."""
    image = Image.fromarray(noise((8, 8, 2), 1) // 64, "LA").convert("PA")
    images = [image, image]
    assert map_frames(images, colors=65536)[0][0] == Mode.PA
    ((mode, palette, _, _),) = map_frames(images, colors=5)

    assert mode == Mode.PA
    assert palette.tolist() == sorted(palette.tolist())


def test_exact_results_are_exact_or_an_error():
    """It is told how many colors there are."""
    images = list(moving(3, levels=6))
    colors = len(np.unique(np.concatenate(images).reshape(-1, 3), axis=0))

    assert map_frames(images, exact=True)[0][3].mse == 0
    with pytest.raises(QualityError, match=f"{colors} colors, an exact result at most 9"):
        map_frames(images, exact=True, colors=9)
    with pytest.raises(QualityError, match="reach a PSNR of"):
        map_frames(video(), colors=4, psnr=(60, 60))


SMALL = [noise((10, 20, 3), seed) for seed in range(4)]  # of 200 colors each


@pytest.mark.parametrize(
    ("images", "colors"),
    [
        (SMALL[:1] * 3, 256),
        (SMALL, 800),
        ([np.concatenate(SMALL[:2])] * 2, 256),
        ([np.concatenate(SMALL[:1] * 2), np.concatenate(SMALL[:2])], 400),  # each brings 200
        (list(moving(3, levels=200, count=40, shape=(20, 20))), 256),
        ([np.dstack((part, np.zeros((10, 20), np.uint8))) for part in SMALL], 256),
    ],
)
def test_the_default_is_all_colors_if_no_frame_brings_more_than_256(images, colors):
    """Colors that are hidden count as one."""
    assert default_colors(gather(images), Options()) == colors


def test_hidden_colors_count_if_they_are_kept():
    """As they do in the palette."""
    images = [np.dstack((part, np.zeros((10, 20), np.uint8))) for part in SMALL]

    assert default_colors(gather(images), Options(keep_hidden=True)) == 800
