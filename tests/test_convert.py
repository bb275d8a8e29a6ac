"""``kmq-convert``: what it writes, and what it says."""

import json
import os
import signal
import stat
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from commands import (
    EXIF,
    TOOLS,
    FakeStandard,
    Terminal,
    exit_code,
    needs_descriptors,
    needs_full_device,
    posix,
    same,
)
from helpers import gradient, photo, picture
from PIL import Image, ImageCms

import kmcodec
from kmcodec.cli import convert, info
from kmcodec.conversion import still

pytestmark = pytest.mark.usefixtures("place")
XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/">\xc3\xa9</x:xmpmeta>'
ICC = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


@pytest.mark.parametrize("arguments", [[], ["--coding", "packed"], ["--coding", "modelled"]])
def test_there_and_back(arguments):
    """A picture of few colors comes back exactly through the default names, in each coding."""
    Image.fromarray(gradient(90, 60)).save("b.png")
    Path("c.png").write_bytes(Path("b.png").read_bytes())
    assert convert.main(["b.png", *arguments]) == 0
    Path("b.png").unlink()
    assert convert.main(["b.kmq"]) == 0
    assert same("b.png", "c.png")
    coding = arguments[-1] if arguments else "modelled"
    assert Path("b.kmq").read_bytes() == kmcodec.encode(gradient(90, 60), coding=coding)
    assert kmcodec.info("b.kmq").header.coding.name.lower() == coding


@pytest.mark.parametrize(
    "arguments",
    [
        ("a.png", "out.kmq"),
        ("a.png", "-o", "out.kmq"),
        ("-k", "16", "a.png", "--seed", "3", "out.kmq"),
        ("--to", "kmq", "--", "a.png", "out.kmq"),
        ("--to", ".KMQ", "a.png", "-o", "out.kmq"),
    ],
)
def test_arguments_in_any_order(arguments):
    """Options may stand anywhere, and the output may be an option."""
    assert convert.main(arguments) == 0
    assert same("out.kmq", "a.png")


@pytest.mark.parametrize("coding", ["modelled", "packed"])
def test_options_reach_the_encoder(coding):
    """The command line gives what ``kmcodec.encode`` gives with the same options."""
    Image.fromarray(photo(60, 40)).save("p.png")
    options = {"colors": 20, "seeding": "random", "seed": 7, "iterations": 3, "dither": 0.5}
    arguments = [
        "-k",
        "20",
        "--seeding",
        "random",
        "--seed",
        "7",
        "--iterations",
        "3",
        "--dither",
        "0.5",
        "--band-rows",
        "8",
        "--threads",
        "2",
    ]
    assert convert.main(["p.png", *arguments, "--coding", coding]) == 0
    with Image.open("p.png") as image:
        expected = kmcodec.encode(image, band_rows=8, coding=coding, threads=2, **options)
    assert Path("p.kmq").read_bytes() == expected


@pytest.mark.parametrize("extension", ["png", "webp", "bmp", "tif", "gif", "ppm", "tga"])
def test_lossless_formats(extension):
    """Each lossless format of Pillow's gets the exact pixels, WebP too."""
    Path("p.kmq").write_bytes(Path("a.kmq").read_bytes())
    assert convert.main(["p.kmq", "--to", extension]) == 0
    with Image.open(f"p.{extension}") as image:
        np.testing.assert_array_equal(np.asarray(image.convert("RGB")), picture(128, 128, 16))


def test_encode_again_in_place():
    """A .kmq is encoded again, in place if forced."""
    assert convert.main(["-f", "-k", "4", "a.kmq", "a.kmq"]) == 0
    assert kmcodec.info("a.kmq").header.color_count == 4


@pytest.mark.parametrize("transparency", [2, bytes([0, 255, 128, 7]), None])
@pytest.mark.parametrize("colors", [1, 2, 4, 16, 200, 256])
def test_palette_pictures(colors, transparency):
    """Palette, indices and transparency of a P picture survive both conversions."""
    indices = np.resize(np.arange(colors), 31 * 20).astype(np.uint8)
    image = Image.frombytes("P", (31, 20), indices.tobytes())
    image.putpalette(picture(colors, 1, colors).tobytes())
    settings = {} if transparency is None else {"transparency": transparency}
    image.save("p.png", **settings)
    assert convert.main(["p.png", "p.kmq"]) == 0
    assert convert.main(["p.kmq", "q.png"]) == 0
    assert same("p.png", "q.png")
    with Image.open("p.png") as before, Image.open("q.png") as after:
        assert before.getpalette() == after.getpalette()
        assert before.convert("RGBA").tobytes() == after.convert("RGBA").tobytes()


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA"])
def test_every_png_mode(mode):
    """PNG to .kmq to PNG keeps the mode and the pixels."""
    Image.fromarray(picture(20, 10, 200, 4)).convert(mode).save("m.png")
    assert convert.main(["m.png", "m.kmq"]) == 0
    assert convert.main(["m.kmq", "n.png"]) == 0
    assert same("m.png", "n.png")


def metadata(path):
    """Return what Pillow finds in a file, dpi rounded as PNG stores it."""
    with Image.open(path) as image:
        image.load()
        found = {name: image.info.get(name) for name in ("exif", "icc_profile", "xmp")}
        dpi = tuple(round(number) for number in image.info["dpi"])
        comment = image.info.get("comment") or image.info.get("Comment", "").encode()
    return {**found, "dpi": dpi, "comment": comment}


@pytest.fixture
def annotated(place):
    """Save a .kmq with all metadata, and return that."""
    values = {"exif": EXIF, "icc_profile": ICC, "xmp": XMP, "dpi": (72, 300)}
    values["comment"] = "née".encode()
    kmcodec.save(picture(9, 9, 9), place / "m.kmq", **values)
    return values


@pytest.mark.parametrize("extension", ["png", "jpg"])
def test_metadata_both_ways(annotated, extension):
    """All metadata passes from .kmq to PNG and JPEG, and from there to .kmq."""
    assert convert.main(["m.kmq", f"n.{extension}"]) == 0
    assert metadata(f"n.{extension}") == annotated
    assert convert.main([f"n.{extension}", "o.kmq"]) == 0
    assert metadata("o.kmq") == annotated


@pytest.mark.usefixtures("annotated")
def test_metadata_to_webp_and_tiff():
    """WebP and TIFF take what their writers have room for."""
    for name in ("n.webp", "n.tif"):
        assert convert.main(["m.kmq", name]) == 0
        with Image.open(name) as image:
            assert image.info["icc_profile"] == ICC
            assert image.info["xmp"] == XMP


@pytest.mark.parametrize("name", ["n.png", "n.jpg", "n.tif", "n.kmq"])
def test_strip(annotated, name):
    """--strip leaves all metadata out, in both directions."""
    assert convert.main(["--strip", "m.kmq", name]) == 0
    with Image.open(name) as image:
        image.load()
        left = {key for key in annotated if image.info.get(key)} - {"dpi"}
    assert not left


def test_standard_input_and_output(monkeypatch):
    """``-`` reads and writes pipes: .kmq by default, other formats by --to."""
    output = FakeStandard()
    monkeypatch.setattr(sys, "stdin", FakeStandard(Path("a.png").read_bytes()))
    monkeypatch.setattr(sys, "stdout", output)
    assert convert.main(["--coding", "packed", "-"]) == 0
    assert output.buffer.getvalue() == Path("a.kmq").read_bytes()
    output = FakeStandard()
    monkeypatch.setattr(sys, "stdin", FakeStandard(Path("a.kmq").read_bytes()))
    monkeypatch.setattr(sys, "stdout", output)
    assert convert.main(["-", "-", "--to", "png"]) == 0
    assert same(output.buffer, "a.png")


@needs_descriptors
def test_named_pipe_as_input():
    """An input that cannot be rewound is read to its end first."""
    reader, writer = os.pipe()  # which holds all of the picture
    with os.fdopen(writer, "wb") as file:
        file.write(Path("a.png").read_bytes())
    with os.fdopen(reader, "rb"):
        assert convert.main([f"/dev/fd/{reader}", "out.kmq"]) == 0
    assert same("out.kmq", "a.png")


def test_terminal_as_output(monkeypatch):
    """A terminal is not written to."""
    output = FakeStandard()
    output.buffer = Terminal()
    monkeypatch.setattr(sys, "stdout", output)
    assert convert.main(["a.png", "-"]) == 4
    assert output.buffer.getvalue() == b""


def test_interruption(place, monkeypatch):
    """Ctrl-C ends with 130, leaving no file."""

    def interrupted(*_, **__):
        yield b"half"
        raise KeyboardInterrupt

    monkeypatch.setattr(still, "encode_pieces", interrupted)
    assert convert.main(["a.png", "out.kmq"]) == 130
    assert not list(place.glob("*out*"))


@posix
def test_termination(place, monkeypatch):
    """SIGTERM ends with 143, leaving the old file and no temporary one."""

    def terminated(*_, **__):
        yield b"half"
        os.kill(os.getpid(), signal.SIGTERM)
        yield b"whole"

    old = Path("a.kmq").read_bytes()
    monkeypatch.setattr(still, "encode_pieces", terminated)
    handler = signal.getsignal(signal.SIGTERM)
    assert exit_code(convert.main, "-f", "a.png", "a.kmq") == 143
    assert signal.getsignal(signal.SIGTERM) is handler
    assert Path("a.kmq").read_bytes() == old
    assert sorted(path.name for path in place.iterdir()) == ["a.kmq", "a.png"]


def fail(*_, **__):
    """Fail half-way, as an encoder."""

    def pieces():
        yield b"half"
        raise OSError(28, "No space left on device")

    return kmcodec.quantize(picture(2, 2, 2)), pieces()


@pytest.mark.parametrize("arguments", [("a.png", "a.kmq"), ("a.kmq", "a.kmq")])
def test_failure_keeps_the_old_file(place, monkeypatch, capsys, arguments):
    """An encoder that fails leaves the old file as it was, and no other."""
    old = Path("a.kmq").read_bytes()
    monkeypatch.setattr(still, "encode_pieces", fail)
    assert convert.main(["-f", *arguments]) == 1
    assert capsys.readouterr().err == "kmq-convert: a.kmq: No space left on device\n"
    assert Path("a.kmq").read_bytes() == old
    assert sorted(path.name for path in place.iterdir()) == ["a.kmq", "a.png"]


@posix
@pytest.mark.parametrize("arguments", [["big.png", "a.kmq"], ["a.kmq", "a.png"]])
def test_full_disk_keeps_the_old_file(place, arguments, capsys):
    """A file system that takes no more bytes leaves the old file, one line and code 1."""
    import resource

    Image.fromarray(picture(200, 200, 200)).save("big.png")
    old = {path: path.read_bytes() for path in place.iterdir()}
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (5000, limits[1]))
    try:
        assert convert.main(["-f", *arguments]) == 1
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert capsys.readouterr().err == f"kmq-convert: {arguments[1]}: File too large\n"
    assert {path: path.read_bytes() for path in place.iterdir()} == old


@needs_full_device
def test_full_device(capsys, monkeypatch):
    """/dev/full, by name and as standard output, is one line and code 1 with both commands."""
    assert convert.main(["--to", "kmq", "a.png", "/dev/full"]) == 1
    assert capsys.readouterr().err == "kmq-convert: /dev/full: No space left on device\n"
    fault = "standard output: No space left on device\n"
    with Path("/dev/full").open("wb") as full:
        command = [sys.executable, TOOLS / "kmq-convert", "a.png", "-"]
        result = subprocess.run(
            command, stdout=full, stderr=subprocess.PIPE, check=False, timeout=60
        )
    assert (result.returncode, result.stderr.decode()) == (1, f"kmq-convert: {fault}")
    with suppress(OSError), Path("/dev/full").open("w") as full:
        monkeypatch.setattr(sys, "stdout", full)
        assert info.main(["a.kmq"]) == 1
    assert capsys.readouterr().err == f"kmq-info: {fault}"


@posix
def test_symbolic_links():
    """A link as output is followed; one to the input is the input."""
    Path("link.kmq").symlink_to("a.kmq")
    assert convert.main(["a.kmq", "link.kmq"]) == 4
    assert convert.main(["-f", "-k", "2", "a.png", "link.kmq"]) == 0
    assert Path("link.kmq").is_symlink()
    assert kmcodec.info("a.kmq").header.color_count == 2


def test_hard_links(capsys):
    """Another name of the input is refused as the input."""
    Path("hard.kmq").hardlink_to("a.kmq")
    assert convert.main(["a.kmq", "-o", "hard.kmq"]) == 4
    assert capsys.readouterr().err == "kmq-convert: hard.kmq: is the input; -f replaces it\n"


@posix
def test_permissions():
    """A replaced file keeps its permissions."""
    Path("a.kmq").chmod(0o640)
    assert convert.main(["-f", "a.png"]) == 0
    assert stat.S_IMODE(Path("a.kmq").stat().st_mode) == 0o640


def test_silence_and_verbosity(capsys):
    """Success is silent; -v tells sizes, colors and quality on standard error."""
    assert convert.main(["a.png", "b.kmq"]) == 0
    assert capsys.readouterr() == ("", "")
    assert convert.main(["-v", "--coding", "packed", "a.png", "c.kmq"]) == 0
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "128x128 RGB to KMQ of 8,272 bytes, 16.8 % of 24 bits" in shown.err
    assert "16 colors, exact" in shown.err
    assert convert.main(["-v", "a.kmq", "d.png"]) == 0
    assert "to PNG of" in capsys.readouterr().err


def test_psnr(capsys):
    """-v tells the PSNR that the decoded file has."""
    pixels = photo(64, 48)
    Image.fromarray(pixels).save("p.png")
    assert convert.main(["-v", "-k", "8", "p.png"]) == 0
    error = kmcodec.decode(Path("p.kmq").read_bytes()).astype(float) - pixels
    psnr = 10 * np.log10(255**2 / np.mean(error**2))
    assert f"8 colors, PSNR {psnr:.2f} dB" in capsys.readouterr().err


def test_json_of_a_conversion(capsys):
    """--json tells what -v does to programs, where the picture does not go."""
    assert convert.main(["--json", "-k", "8", "a.png", "j.kmq"]) == 0
    told = json.loads(capsys.readouterr().out)
    size = Path("j.kmq").stat().st_size
    assert (told["input"], told["output"], told["format"]) == ("a.png", "j.kmq", "KMQ")
    assert (told["width"], told["height"], told["mode"], told["bytes"]) == (128, 128, "RGB", size)
    assert (told["colors"], told["exact"], told["psnr"] > 10) == (8, False, True)
    assert convert.main(["--json", "a.png", "k.kmq"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["colors"], told["exact"], told["psnr"]) == (16, True, None)
    assert convert.main(["--json", "a.kmq", "k.png"]) == 0
    assert json.loads(capsys.readouterr().out)["colors"] is None


def test_json_beside_a_pipe(capsysbinary):
    """It goes to standard error where the picture goes to standard output."""
    assert convert.main(["--json", "a.png", "-o", "-"]) == 0
    shown = capsysbinary.readouterr()
    assert json.loads(shown.err)["bytes"] == len(shown.out)


def test_exact(capsys):
    """--exact fails with code 99 and tells how many colors there are, and writes nothing."""
    assert convert.main(["--exact", "-k", "15", "a.png", "e.kmq"]) == 99
    assert "has 16 colors" in capsys.readouterr().err
    assert not Path("e.kmq").exists()
    assert convert.main(["--exact", "-k", "16", "a.png", "e.kmq"]) == 0


def test_bombs(capsys, monkeypatch):
    """Pillow's limits on pixels are one line: a warning above one limit, code 1 above two."""
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10_000)
    assert convert.main(["-f", "a.png"]) == 0
    shown = capsys.readouterr().err
    assert shown.startswith("kmq-convert: a.png: warning: Image size (16384 pixels)")
    assert shown.count("\n") == 1
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)
    for name in ("a.png", "a.kmq"):
        assert convert.main(["-f", name, "out.kmq"]) == 1
        shown = capsys.readouterr().err
        assert shown.startswith(f"kmq-convert: {name}: Image size (16384 pixels) exceeds limit")
        assert shown.count("\n") == 1
