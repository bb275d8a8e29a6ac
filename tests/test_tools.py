"""The two commands: what they write, what they say, and how they fail."""

import io
import json
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path
from zlib import crc32

import numpy as np
import pytest
from helpers import gradient, photo, picture
from PIL import Image, ImageCms

import kmcodec
from kmcodec.cli import convert, info

posix = pytest.mark.skipif(sys.platform == "win32", reason="POSIX file semantics")
TOOLS = Path(__file__).resolve().parent.parent / "tools"
EXIF = b"Exif\x00\x00MM\x00*\x00\x00\x00\x08" + bytes.fromhex(  # orientation 6
    "0001 0112 0003 0000 0001 0006 0000 0000 0000"
)
XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/">\xc3\xa9</x:xmpmeta>'
ICC = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


class FakeStandard:
    """Standard input or output that holds bytes."""

    def __init__(self, data=b""):
        self.buffer = io.BytesIO(data)

    def write(self, text):
        return self.buffer.write(text.encode())

    def flush(self):
        pass


class Terminal(io.BytesIO):
    """Bytes that say they are a terminal."""

    def isatty(self):
        return True


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    """A working directory with ``a.png`` (128 x 128, 16 colors) and ``a.kmq`` of it, packed."""
    monkeypatch.chdir(tmp_path)
    image = Image.fromarray(picture(128, 128, 16))
    image.save("a.png")
    kmcodec.save(image, "a.kmq", coding="packed")
    return tmp_path


def run_tool(name, *arguments, **settings):
    """Run a script of ``tools`` in a process of its own."""
    command = [sys.executable, str(TOOLS / name), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, check=False, timeout=60, **settings)


def exit_code(main, *arguments):
    """The exit code of a command run in this process."""
    try:
        return main(arguments)
    except SystemExit as end:
        return end.code


def same(one, other):
    """Whether two image files hold the same mode and pixels."""
    with Image.open(one) as first, Image.open(other) as second:
        assert first.mode == second.mode
        return np.array_equal(np.asarray(first), np.asarray(second))


def damage(path, offset=-6):
    """Flip one bit of a file."""
    data = bytearray(Path(path).read_bytes())
    data[offset] ^= 1
    Path(path).write_bytes(data)


# What kmq-convert writes


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


# Metadata


def metadata(path):
    """What Pillow finds in a file, dpi rounded as PNG stores it."""
    with Image.open(path) as image:
        image.load()
        found = {name: image.info.get(name) for name in ("exif", "icc_profile", "xmp")}
        dpi = tuple(round(number) for number in image.info["dpi"])
        comment = image.info.get("comment") or image.info.get("Comment", "").encode()
    return {**found, "dpi": dpi, "comment": comment}


@pytest.fixture
def annotated():
    """A .kmq with all metadata, and what that is."""
    values = {"exif": EXIF, "icc_profile": ICC, "xmp": XMP, "dpi": (72, 300)}
    values["comment"] = "née".encode()
    kmcodec.save(picture(9, 9, 9), "m.kmq", **values)
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


# Pipes


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


def test_real_pipes():
    """The scripts of ``tools`` work between pipes."""
    picture_bytes = Path("a.png").read_bytes()
    encoded = run_tool("kmq-convert", "--coding", "packed", "-", input=picture_bytes)
    assert (encoded.returncode, encoded.stderr) == (0, b"")
    shown = run_tool("kmq-info", "--check", "-", input=encoded.stdout)
    assert (shown.returncode, shown.stderr) == (0, b"")
    assert shown.stdout.startswith(b"-: KMQ v0 128x128 RGB, 16 colors, 4 bits an index")


@posix
def test_named_pipe_as_input():
    """An input that cannot be rewound is read to its end first."""
    script = f"exec {sys.executable} {TOOLS / 'kmq-convert'} <(cat a.png) out.kmq"
    subprocess.run(["bash", "-c", script], check=True, timeout=60)
    assert same("out.kmq", "a.png")


def test_terminal_as_output(monkeypatch):
    """A terminal is not written to."""
    output = FakeStandard()
    output.buffer = Terminal()
    monkeypatch.setattr(sys, "stdout", output)
    assert convert.main(["a.png", "-"]) == 4
    assert output.buffer.getvalue() == b""


def test_closed_standard_streams(monkeypatch, capsys):
    """A standard stream that the shell has closed is one line and code 1."""
    monkeypatch.setattr(sys, "stdin", None)
    for main in (convert.main, info.main):
        assert main(["-"]) == 1
        assert capsys.readouterr().err.endswith(": -: the standard stream is closed\n")
    monkeypatch.setattr(sys, "stdout", None)
    assert convert.main(["a.png", "-"]) == 1
    assert convert.main(["a.png", "b.kmq"]) == 0


# Exit codes


@pytest.mark.parametrize(
    ("code", "arguments"),
    [
        (1, ["missing.png"]),
        (1, ["."]),
        (1, ["a.png", "missing/out.kmq"]),
        (1, ["a.png", "x" * 300 + ".kmq"]),
        (1, ["rgba.kmq", "out.jpg"]),
        (1, ["deep.png", "out.kmq"]),
        (2, []),
        (2, ["a.png", "b.kmq", "-o", "c.kmq"]),
        (2, ["a.png", "out.kmq", "extra"]),
        (2, ["a.png", "--unknown"]),
        (2, ["a.png", "--color", "3"]),
        (2, ["a.png", "--colors", "0"]),
        (2, ["a.png", "--colors", "65537"]),
        (2, ["a.png", "--colors", "many"]),
        (2, ["a.png", "--dither", "1.5"]),
        (2, ["a.png", "--dither", "nan"]),
        (2, ["a.png", "--iterations", "-1"]),
        (2, ["a.png", "--coding", "zip"]),
        (2, ["a.png", "--threads", "0"]),
        (2, ["a.png", "--seeding", "guess"]),
        (2, ["a.png", "out.jpg"]),
        (2, ["a.kmq", "-"]),
        (2, ["a.kmq", "out"]),
        (2, ["a.kmq", "out.xyz"]),
        (2, ["a.kmq", "out.psd"]),
        (2, ["a.kmq", "--to", "../x"]),
        (2, ["a.kmq", "out.png", "-k", "4"]),
        (3, ["text.png"]),
        (3, ["empty.png"]),
        (3, ["cut.png", "out.kmq"]),
        (3, ["cut.kmq", "out.png"]),
        (3, ["flipped.kmq", "out.png"]),
        (3, ["future.kmq", "out.png"]),
        (4, ["a.png", "a.kmq"]),
        (4, ["a.png"]),
        (4, ["a.kmq"]),
    ],
)
def test_exit_codes(place, capsys, code, arguments):
    """Each failure has its code and one line on standard error; nothing is written."""
    data = Path("a.kmq").read_bytes()
    Path("cut.kmq").write_bytes(data[:-1])
    Path("flipped.kmq").write_bytes(data)
    damage("flipped.kmq")
    Path("future.kmq").write_bytes(data[:4] + b"\x09" + data[5:])
    Path("cut.png").write_bytes(Path("a.png").read_bytes()[:3000])
    Path("text.png").write_text("hello")
    Path("empty.png").touch()
    Image.fromarray(np.full((4, 4), 40000, np.uint16)).save("deep.png")
    kmcodec.save(picture(4, 4, 4, 4), "rgba.kmq")
    before = {path: path.read_bytes() for path in place.iterdir()}
    assert exit_code(convert.main, *arguments) == code
    assert {path: path.read_bytes() for path in place.iterdir()} == before
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "Traceback" not in shown.err
    if "usage:" not in shown.err:
        assert shown.err.count("\n") == 1
        assert shown.err.startswith("kmq-convert: ")
    else:
        assert code == 2


@pytest.mark.parametrize("main", [convert.main, info.main])
def test_help_and_version(main, capsys):
    """Help starts with examples and lists exit codes; the version is the package's."""
    assert exit_code(main, "--help") == 0
    text = capsys.readouterr().out
    assert text.index("examples:") < text.index("options:") < text.index("exit codes:")
    assert exit_code(main, "-V") == 0
    assert capsys.readouterr().out.split()[0] in {"kmq-convert", "kmq-info"}


def test_interruption(place, monkeypatch):
    """Ctrl-C ends with 130, leaving no file."""

    def interrupted(*_, **__):
        yield b"half"
        raise KeyboardInterrupt

    monkeypatch.setattr(convert, "encode_pieces", interrupted)
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
    monkeypatch.setattr(convert, "encode_pieces", terminated)
    handler = signal.getsignal(signal.SIGTERM)
    assert exit_code(convert.main, "-f", "a.png", "a.kmq") == 143
    assert signal.getsignal(signal.SIGTERM) is handler
    assert Path("a.kmq").read_bytes() == old
    assert sorted(path.name for path in place.iterdir()) == ["a.kmq", "a.png"]


@posix
@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("kmq-convert", ["big.png", "--coding", "packed", "-"]),
        ("kmq-info", ["--palette", "big.kmq"]),
    ],
)
def test_broken_pipe(tool, arguments):
    """When the reader of standard output goes, the command ends quietly with 141."""
    image = Image.fromarray(picture(300, 300, 65536))
    image.save("big.png")
    kmcodec.save(image, "big.kmq", colors=65536, coding="packed")
    command = [sys.executable, str(TOOLS / tool), *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.read(10)
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(60) == 141


# The output is the old file or the complete new one


def fail(*_, **__):
    """An encoder that fails half-way."""

    def pieces():
        yield b"half"
        raise OSError(28, "No space left on device")

    return kmcodec.quantize(picture(2, 2, 2)), pieces()


@pytest.mark.parametrize("arguments", [("a.png", "a.kmq"), ("a.kmq", "a.kmq")])
def test_failure_keeps_the_old_file(place, monkeypatch, capsys, arguments):
    """An encoder that fails leaves the old file as it was, and no other."""
    old = Path("a.kmq").read_bytes()
    monkeypatch.setattr(convert, "encode_pieces", fail)
    assert convert.main(["-f", *arguments]) == 1
    assert capsys.readouterr().err == "kmq-convert: a.kmq: No space left on device\n"
    assert Path("a.kmq").read_bytes() == old
    assert sorted(path.name for path in place.iterdir()) == ["a.kmq", "a.png"]


@posix
@pytest.mark.parametrize("arguments", [["big.png", "a.kmq"], ["a.kmq", "a.png"]])
def test_full_disk_keeps_the_old_file(place, arguments):
    """A file system that takes no more bytes leaves the old file, one line and code 1."""
    Image.fromarray(picture(200, 200, 200)).save("big.png")
    old = {path: path.read_bytes() for path in place.iterdir()}
    program = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000)); "
        "from kmcodec.cli.convert import main; sys.exit(main(sys.argv[1:]))"
    )
    command = [sys.executable, "-c", program, "-f", *arguments]
    result = subprocess.run(command, capture_output=True, check=False, timeout=60)
    expected = f"kmq-convert: {arguments[1]}: File too large{os.linesep}"
    assert (result.returncode, result.stderr.decode()) == (1, expected)
    assert {path: path.read_bytes() for path in place.iterdir()} == old


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_full_device():
    """/dev/full, by name and as standard output, is one line and code 1 with both commands."""
    named = run_tool("kmq-convert", "--to", "kmq", "a.png", "/dev/full")
    assert named.returncode == 1
    assert named.stderr == b"kmq-convert: /dev/full: No space left on device\n"
    for tool, *arguments in (("kmq-convert", "a.png", "-"), ("kmq-info", "a.kmq")):
        command = [sys.executable, str(TOOLS / tool), *arguments]
        with Path("/dev/full").open("wb") as full:
            result = subprocess.run(
                command, stdout=full, stderr=subprocess.PIPE, check=False, timeout=60
            )
        assert result.returncode == 1
        assert result.stderr == f"{tool}: standard output: No space left on device\n".encode()


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
    assert convert.main(["a.kmq", "hard.kmq"]) == 4
    assert capsys.readouterr().err == "kmq-convert: hard.kmq: is the input; -f replaces it\n"


@posix
def test_permissions():
    """A replaced file keeps its permissions."""
    Path("a.kmq").chmod(0o640)
    assert convert.main(["-f", "a.png"]) == 0
    assert stat.S_IMODE(Path("a.kmq").stat().st_mode) == 0o640


@posix
@pytest.mark.parametrize("stem", ["two\nlines", "-k", "🎨", "\x1b[31mred", "a b", "\udcff"])
def test_odd_names(capsys, stem):
    """Any name is converted and shown, in one line, with nothing a terminal would obey."""
    try:
        Path(f"{stem}.png").write_bytes(Path("a.png").read_bytes())
    except OSError:
        pytest.skip("the file system refuses this name")
    assert convert.main(["--", f"{stem}.png"]) == 0
    assert same(f"{stem}.kmq", "a.png")
    assert info.main(["--", f"{stem}.kmq"]) == 0
    assert convert.main(["--", f"{stem}.png"]) == 4
    shown = capsys.readouterr()
    assert shown.out.count("\n") == shown.err.count("\n") == 1
    assert "\x1b" not in shown.out + shown.err


# Messages


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


def test_animation(capsys):
    """Of an animation the first frame is converted, with a warning that -q silences."""
    frames = [Image.fromarray(picture(8, 8, 8, seed=seed)) for seed in range(3)]
    frames[0].save("m.png", save_all=True, append_images=frames[1:])
    assert convert.main(["m.png"]) == 0
    error = capsys.readouterr().err
    assert (
        error == "kmq-convert: m.png: warning: more than one frame, only the first is converted\n"
    )
    assert np.array_equal(kmcodec.decode(Path("m.kmq").read_bytes()), np.asarray(frames[0]))
    assert convert.main(["-q", "-f", "m.png"]) == 0
    assert capsys.readouterr().err == ""


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


# kmq-info


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
    keys = "schema_version file error file_bytes header sections metadata palette bits checked"
    assert list(found) == keys.split()
    assert found["schema_version"] == 1
    assert found["error"] is None
    assert found["checked"] is True
    assert found["file_bytes"] == len(data)
    assert found["header"]["mode"] == "RGB"
    assert found["header"]["color_count"] == len(found["palette"]) == colors
    assert ("METADATA" in found["header"]["flags"]) == ("comment" in settings)
    assert coding == "modelled" or "CODED_PALETTE" not in found["header"]["flags"]
    assert set(found["metadata"]) == set(settings) & {"comment", "dpi"}
    bits = found["bits"]
    parts = ("header", "metadata", "palette", "indices", "row_padding", "lengths", "checksums")
    assert sum(bits[part] for part in parts) == bits["file"] == 8 * len(data)
    assert all(bits[part] >= 0 for part in parts)
    offset = 0
    for section in found["sections"]:
        assert section["offset"] == offset
        offset += section["size"]
    assert offset == len(data)


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


# The report


def test_report():
    """``python -m kmcodec --report`` tells versions and that all is compiled."""
    command = [sys.executable, "-m", "kmcodec"]
    result = subprocess.run([*command, "--report"], capture_output=True, check=True, timeout=60)
    text = result.stdout.decode()
    for name in ("kmcodec", "Python", "platform", "numpy", "scipy", "pillow", "bitarray", "cores"):
        assert f"{name}: " in text
    assert "binding compiled, dithering compiled" in text
    assert "Pillow plugin: registered" in text
    result = subprocess.run(command, capture_output=True, check=True, timeout=60)
    assert result.stdout.startswith(b"usage:")
