"""Progress: each stage of a piece of work is told, with what is done and what there is to do."""

import io
import itertools

import numpy as np
import pytest
from helpers import gradient, photo, picture
from PIL import Image

import kmcodec
from kmcodec.plugin.opening import KmqImageFile
from kmcodec.stages import Stages

QUANTIZING = ["histogram", "search", "kmeans", "rounding", "mapping"]


class Told(list):
    """A callback that keeps what it is told."""

    def __call__(self, *step):
        self.append(step)

    def stages(self):
        """Return the stages in order, once what is told of each is as promised."""
        names = []
        for name, group in itertools.groupby(self, key=lambda step: step[0]):
            names.append(name)
            done, totals = zip(*(step[1:] for step in group), strict=True)
            assert len(set(totals)) == 1
            assert done[0] == 0
            assert done[-1] == totals[0] >= 1
            assert list(done[:-1]) == list(range(len(done) - 1))
        return names


def test_a_stage_is_told_from_begin_to_end():
    """Steps count up from 0; what is left out at the end is made up for."""
    told = Told()
    stages = Stages(told)
    with stages("a", 5):
        stages.step()
        stages.step()
    with stages("b"):
        pass
    with stages("a", 1):
        stages.step()

    assert told[:4] == [("a", 0, 5), ("a", 1, 5), ("a", 2, 5), ("a", 5, 5)]
    assert told[4:] == [("b", 0, 1), ("b", 1, 1), ("a", 0, 1), ("a", 1, 1)]
    assert list(stages.seconds) == ["a", "b"]


@pytest.mark.parametrize(
    ("options", "stages"),
    [
        ({}, QUANTIZING),
        ({"speed": 10}, QUANTIZING),
        ({"seeding": "random"}, QUANTIZING),
        ({"colors": 600}, QUANTIZING),
        ({"dither": 1}, QUANTIZING),
        ({"dither": "auto"}, QUANTIZING),
        ({"dither": 1, "dithering": "ordered"}, QUANTIZING),
        ({"rate": 8}, [*QUANTIZING, "rate"]),
        ({"colors": 65536}, ["histogram", "mapping"]),
        ({"palette": ["red", "blue"]}, ["histogram", "mapping"]),
    ],
)
def test_quantizing_is_told(options, stages):
    """All stages of it come in order."""
    told = Told()
    kmcodec.quantize(photo(60, 40), **{"colors": 12, **options}, progress=told)

    assert told.stages() == stages


def test_stages_may_come_again():
    """Palettes that are tried to reach a PSNR are told one by one."""
    told = Told()
    kmcodec.quantize(photo(60, 40), psnr=20, progress=told)

    assert told.stages().count("kmeans") > 2


def test_several_pictures_are_told():
    """Each has its part in the histogram, and is mapped for itself."""
    told = Told()
    kmcodec.quantize_many([photo(60, 40, seed) for seed in range(3)], 12, progress=told)

    assert ("histogram", 3, 4) in told
    assert told.count(("mapping", 1, 1)) == 3


@pytest.mark.parametrize(
    ("pixels", "options"),
    [
        (gradient(60, 40), {}),
        (gradient(60, 40), {"coding": "packed"}),
        (gradient(60, 40), {"threads": 1}),
        (picture(60, 40, 200), {}),
        (picture(60, 40, 1), {}),
    ],
)
def test_coding_is_told(pixels, options, tmp_path):
    """However a file is written, coding is told: by functions, to a path and by Pillow."""
    image = Image.fromarray(pixels)
    for write in (
        lambda told: kmcodec.encode(image, band_rows=8, progress=told, **options),
        lambda told: kmcodec.save(image, tmp_path / "a.kmq", band_rows=8, progress=told, **options),
        lambda told: image.save(tmp_path / "b.kmq", band_rows=8, progress=told, **options),
    ):
        told = Told()
        write(told)
        assert told.stages() == ["histogram", "mapping", "coding"]
    told = Told()
    kmcodec.encode_indexed(np.zeros((2, 3), "u1"), pixels[..., 0] & 1, progress=told, **options)
    assert told.stages() == ["coding"]


@pytest.mark.parametrize("coding", ["modelled", "packed"])
@pytest.mark.parametrize("mode", ["RGB", "P", "1"])
@pytest.mark.parametrize("threads", [1, 3])
def test_decoding_is_told(coding, mode, threads):
    """However a file is read, its bands are told."""
    image = Image.fromarray(gradient(60, 40)).convert(mode)
    data = kmcodec.encode(image, band_rows=8, coding=coding)
    for read in (kmcodec.decode, kmcodec.decode_indexed, kmcodec.load):
        told = Told()
        read(data, threads=threads, progress=told)
        assert told == [("decoding", done, 5) for done in range(6)]
    told = Told()
    kmcodec.decode(data, box=(0, 9, 3, 20), progress=told)
    assert told[-1] == ("decoding", 2, 2)
    told = Told()
    opened = KmqImageFile(io.BytesIO(data))
    opened.progress = told
    opened.load()
    assert told.stages() == ["decoding"]


class StopError(Exception):
    """What a callback raises in these tests."""


@pytest.mark.parametrize("stage", [*QUANTIZING, "rate", "coding"])
@pytest.mark.parametrize("error", [StopError, KeyboardInterrupt])
def test_progress_can_end_encoding(stage, error, tmp_path):
    """What it raises comes out as it is, and no file is left."""

    def stop(name, done, total):
        if name == stage and (done > 0 or total == 1):
            raise error(name)

    path = tmp_path / "x.kmq"
    with pytest.raises(error, match=stage):
        kmcodec.save(photo(60, 40), path, 12, rate=8, band_rows=8, progress=stop)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("coding", ["modelled", "packed"])
@pytest.mark.parametrize("read", [kmcodec.decode, kmcodec.decode_indexed, kmcodec.load])
def test_progress_can_end_decoding(read, coding):
    """What it raises comes out as it is."""

    def stop(*told):
        if told == ("decoding", 2, 5):
            raise StopError

    data = kmcodec.encode(gradient(60, 40), band_rows=8, coding=coding)
    with pytest.raises(StopError):
        read(data, progress=stop)


@pytest.mark.parametrize("progress", [5, "print", ()])
def test_progress_is_a_function(progress):
    """Anything else is a mistake of the caller's, wherever it is given."""
    data = kmcodec.encode(gradient(60, 40))
    for call in (
        lambda: kmcodec.encode(gradient(6, 4), progress=progress),
        lambda: kmcodec.encode_indexed(np.zeros((1, 3), "u1"), [[0]], progress=progress),
        lambda: kmcodec.decode(data, progress=progress),
        lambda: kmcodec.decode_indexed(data, progress=progress),
        lambda: kmcodec.load(data, progress=progress),
    ):
        with pytest.raises(TypeError, match=r"progress is .*, must be a function"):
            call()
