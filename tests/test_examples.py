"""The examples run, and do what they say."""

import runpy
import sys
from pathlib import Path

import pytest
from helpers import drawing, photo
from PIL import Image

import kmcodec

EXAMPLES = Path(__file__).resolve().parent.parent / "tools" / "examples"


@pytest.fixture
def run_example(monkeypatch, capsys):
    """Return a function that runs an example, and returns what it prints."""

    def run(name, *arguments):
        monkeypatch.setattr(sys, "argv", [name, *map(str, arguments)])
        runpy.run_path(str(EXAMPLES / name), run_name="__main__")
        return capsys.readouterr().out

    return run


def test_label_mask(tmp_path, run_example):
    """A mask comes back with its labels, and in part."""
    mask = Image.fromarray(drawing(40, 32)).quantize(8)
    mask.save(tmp_path / "mask.png")
    printed = run_example("label_mask.py", tmp_path / "mask.png", tmp_path / "mask.kmq")

    assert printed.endswith("labels, the part has 10 x 8 pixels\n")
    assert kmcodec.load(tmp_path / "mask.kmq").tobytes() == mask.tobytes()


def test_tile_set(tmp_path, run_example):
    """All pictures get the same palette."""
    paths = [tmp_path / "a.png", tmp_path / "b.png"]
    for seed, path in enumerate(paths):
        Image.fromarray(photo(30, 20, seed)).save(path)
    printed = run_example("tile_set.py", 12, *paths)
    palettes = [kmcodec.decode_indexed(path.with_suffix(".kmq"))[0].tolist() for path in paths]

    assert printed.startswith("2 pictures, 12 colors, ")
    assert palettes[0] == palettes[1]


def test_pack_tree(tmp_path, run_example):
    """All pictures are converted once, and those that are new the next time."""
    (tmp_path / "art" / "in").mkdir(parents=True)
    printed = []
    for name in ("a.png", "in/b.png"):
        Image.fromarray(photo(30, 20)).save(tmp_path / "art" / name)
        arguments = 12, tmp_path / "art", tmp_path / "packed"
        printed.append(run_example("pack_tree.py", *arguments))

    assert printed == ["1 converted\n", "1 converted, 1 skipped\n"]
    assert len(kmcodec.info(tmp_path / "packed" / "in" / "b.kmq").palette) == 12


@pytest.mark.filterwarnings("ignore")  # peers may warn of what is theirs
def test_instead_of_others(tmp_path, run_example):
    """Each peer that is installed is beside kmcodec, which is nearer than Pillow."""
    path = tmp_path / "a.png"
    Image.fromarray(photo(40, 30)).save(path)
    lines = run_example("instead_of_others.py", path, 8).splitlines()
    own = f"kmcodec {kmcodec.quantize(photo(40, 30), 8).mse:.1f} in "
    pillow, their_error = lines[-1].split(",")[0].split(" MSE ")

    assert [line.split()[0] for line in lines] == ["sklearn", "imagequant", "PIL"]
    assert all(own in line or line.endswith(" is not installed") for line in lines)
    assert (pillow.strip(), float(own.split()[1]) < float(their_error)) == ("PIL", True)


def test_figures_beside_others():
    """What the recipes say of kmcodec is what it does."""
    text = (EXAMPLES / "recipes" / "README.md").read_text("utf-8")
    with Image.open(EXAMPLES.parent.parent / "tests" / "pictures" / "parrots.png") as image:
        error = kmcodec.quantize(image, 64).mse

    assert text.count(f", kmcodec {error:.1f} in ") == 3


def test_size_and_quality(tmp_path, run_example):
    """More colors, more bytes and a higher PSNR."""
    Image.fromarray(photo(40, 30)).save(tmp_path / "a.png")
    lines = run_example("size_and_quality.py", tmp_path / "a.png").splitlines()[1:]
    sizes = [int(line.split()[1].replace(",", "")) for line in lines]

    assert len(lines) == 8
    assert sizes == sorted(sizes)
