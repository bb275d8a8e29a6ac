"""One palette for many files."""

import pickle
from pathlib import Path

import numpy as np
import pytest
from commands import exit_code
from helpers import noise, photo, picture
from PIL import Image
from profiles import gray_profile

import kmcodec
from kmcodec.batch.palette import choose_shared_palette, gather_colors, merge_colors
from kmcodec.cli import convert
from kmcodec.conversion import reading
from kmcodec.conversion.faults import Exit, FileError
from kmcodec.errors import QualityError


@pytest.fixture(autouse=True)
def _place(tmp_path, monkeypatch):
    """Make a folder with pictures of several formats and modes, still and moving."""
    monkeypatch.chdir(tmp_path)
    Path("in").mkdir()
    Image.fromarray(photo(40, 30)).save("in/photo.png")
    Image.fromarray(photo(24, 20, 1)).save("in/other.tif")
    Image.fromarray(photo(24, 20, 2)).convert("L").save("in/gray.bmp")
    Image.fromarray(photo(24, 20, 3)).quantize(20).save("in/twenty.gif")
    kmcodec.save_frames(moving(), "in/moving.kmq")


def moving():
    """Make frames of few colors."""
    return [picture(12, 9, 7, seed=seed) for seed in range(3)]


def names():
    """Return the names of all files."""
    return sorted(map(str, Path("in").iterdir()))


def images():
    """Return what all files show."""
    stills = []
    for name in names():
        if "moving" not in name:
            with Image.open(name) as image:
                stills.append(image.copy())
    return [*stills, *moving()]


@pytest.mark.parametrize("options", [{}, {"speed": 8, "space": "rgb"}, {"fixed": ["red"]}])
def test_the_palette_is_that_of_all_pictures(options):
    """All frames of moving pictures count."""
    colors, faults = gather_colors(names())
    expected = kmcodec.quantize_many(images(), 32, **options)[0].palette

    assert not faults
    assert choose_shared_palette(colors, 32, options).tolist() == expected.tolist()


def test_batches_do_not_matter():
    """What is gathered in batches, in processes of their own, is merged to the same."""
    whole, _ = gather_colors(names())
    parts = [gather_colors(batch)[0] for batch in (names()[3:], [], names()[:1], names()[1:3])]
    merged = merge_colors(pickle.loads(pickle.dumps(part)) for part in parts)

    assert merged.histogram.colors.tolist() == whole.histogram.colors.tolist()
    assert merged.histogram.counts.tolist() == whole.histogram.counts.tolist()


def test_a_small_value_goes_from_process_to_process():
    """It takes 12 bytes a distinct color."""
    for name in ("in/photo.png", "in/gray.bmp"):
        colors, _ = gather_colors([name])
        assert len(pickle.dumps(colors, 5)) < 12 * len(colors.histogram.colors) + 1000


def test_only_some_frames():
    """As the converter chooses them."""
    colors, _ = gather_colors(["in/moving.kmq"], slice(1, 2))
    assert (
        colors.histogram.colors[:, :3].tolist()
        == np.unique(moving()[1].reshape(-1, 3), axis=0).tolist()
    )


def test_what_cannot_be_read_is_a_fault():
    """It is told by name, the whole file is left out, and the rest go on."""
    data = Path("in/moving.kmq").read_bytes()
    Path("cut.kmq").write_bytes(data[:-20])
    Path("text.png").write_bytes(b"text")
    Image.fromarray(np.zeros((3, 4), np.uint16)).save("deep.png")
    Path("photo.png").write_bytes(Path("in/photo.png").read_bytes()[:900])
    bad = ["missing.png", "cut.kmq", "text.png", "deep.png", "photo.png"]
    colors, faults = gather_colors([*bad, "in/photo.png"])
    expected, _ = gather_colors(["in/photo.png"])

    assert [fault.name for fault in faults] == bad
    assert [fault.code for fault in faults] == [
        Exit.FAILED,
        Exit.DAMAGED,
        Exit.DAMAGED,
        Exit.FAILED,
        Exit.DAMAGED,
    ]
    assert all(str(fault) for fault in faults)
    assert colors.histogram.counts.sum() == expected.histogram.counts.sum() == 40 * 30


def test_a_directory_of_too_many_frames_is_a_fault(monkeypatch):
    """It is one of that input, by its name, as any other."""
    monkeypatch.setattr(reading, "MAX_FRAMES", 3)
    _, (fault,) = gather_colors(["in"])
    assert (fault.code, fault.name, str(fault)) == (Exit.FAILED, "in", "more than 3 frames")


def test_a_fault_goes_from_process_to_process():
    """It keeps its code, its name and its message."""
    fault = pickle.loads(pickle.dumps(FileError(Exit.DAMAGED, "a.kmq", "it is none")))
    assert (fault.code, fault.name, str(fault)) == (Exit.DAMAGED, "a.kmq", "it is none")


def test_gray_pictures_with_a_profile_are_seen_as_the_encoder_does():
    """Beside color they are taken through their profile, and kept exactly."""
    levels = picture(8, 6, 9, 1)
    Image.fromarray(levels).save("scan.png", icc_profile=gray_profile())
    with Image.open("scan.png") as scan:
        for others, is_raw in ([], True), (["in/twenty.gif"], False):
            colors, _ = gather_colors(["scan.png", *others])
            palette = choose_shared_palette(colors, 256, {})
            data = kmcodec.encode(scan, palette=palette)

            assert data.is_exact
            assert (kmcodec.decode(data)[..., 0] == levels).all() == is_raw


def test_options_that_do_not_concern_the_choice():
    """Those of each picture are passed over, so that all options may be given at once."""
    colors, _ = gather_colors(["in/photo.png"])
    given = {
        "rate": 8,
        "band_rows": 5,
        "coding": "packed",
        "comment": "x",
        "threads": 1,
        "colors": 9,
    }
    plain = choose_shared_palette(colors, 12, {})

    assert choose_shared_palette(colors, 12, given).tolist() == plain.tolist()
    assert choose_shared_palette(colors, 12, {"dither": 1.0}).tolist() == plain.tolist()
    with pytest.raises(ValueError, match="importance is of one picture"):
        choose_shared_palette(colors, 12, {"importance": np.ones((3, 4))})
    with pytest.raises(QualityError):
        choose_shared_palette(colors, 2, {"psnr": (40, 50)})


def test_exact_pictures_keep_what_alpha_hides():
    """Colors under alpha 0 count for the palette of files that are to be exact."""
    pixels = np.dstack((picture(20, 20, 40), noise((20, 20)) // 200 * 255))
    Image.fromarray(pixels).save("sprite.png")
    colors, _ = gather_colors(["sprite.png"])
    kept = choose_shared_palette(colors, 12, {"keep_hidden": True})

    assert choose_shared_palette(colors, 12, {"exact": True}).tolist() == kept.tolist()
    assert kept.tolist() != choose_shared_palette(colors, 12, {}).tolist()


def test_the_palette_from_a_directory():
    """It is that of all pictures in it, and every file converted with it has just that."""
    files = [name for name in names() if "moving" not in name]
    expected, _ = gather_colors(names())
    expected = choose_shared_palette(expected, 16, {"speed": 9})
    options = ["--palette-from", "in", "-k", "16", "-s", "9"]
    for file in [*files, str(Path("in/moving.kmq"))]:
        assert convert.main([*options, file, "-f", "-o", "out.kmq"]) == 0
        assert kmcodec.decode_indexed("out.kmq")[0].tolist() == expected.tolist()


def test_the_palette_from_files_that_cannot_be_read(capsys):
    """The fault of the file is told, and nothing is written."""
    Path("in/z.png").write_bytes(b"text")
    for given in (["in"], ["in/photo.png", "--palette-from", "in/z.png"]):
        assert exit_code(convert.main, "--palette-from", *given, "in/photo.png", "out.kmq") == 3
        assert "z.png: not an image" in capsys.readouterr().err
    Path("empty").mkdir()
    assert exit_code(convert.main, "--palette-from", "empty", "in/photo.png", "out.kmq") == 1
    assert "empty: no picture" in capsys.readouterr().err
    assert not Path("out.kmq").exists()
