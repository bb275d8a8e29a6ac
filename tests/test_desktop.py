"""What other programs are told of .kmq files: these programs themselves, and who tells them."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from configparser import ConfigParser
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from commands import TOOLS, exit_code, posix
from helpers import gradient, picture
from PIL import Image

import kmcodec
from kmcodec.cli import convert, desktop
from kmcodec.cli.desktop_files import COMMAND, FILES, delegates, magic, thumbnailer
from kmcodec.format import MAGIC, MIME_TYPE

pytestmark = [pytest.mark.usefixtures("place"), pytest.mark.slow, posix]

SHARE = TOOLS / "docs" / "share"
HOSTILE = "two words (100% %i %% é) *#!~?/kmq-convert"
NAMES = [
    "-f",
    "two 'words\"; touch stolen; $(touch stolen)`touch stolen`\ntouch stolen\n.kmq",
    "%o %i %% \\.kmq",
]
MODES = ("1", "L", "LA", "P", "RGB", "RGBA")
PLACES = {
    "mime": "data/mime/packages/kmq.xml",
    "thumbnailer": "data/thumbnailers/kmq.thumbnailer",
    "magic": "home/.magic",
    "delegates": "config/ImageMagick/delegates.xml",
}


def find_tool(*names):
    """Return the path of a program, or skip the test."""
    for name in names:
        if found := shutil.which(name):
            return found
    return pytest.skip(f"needs {names[0]}")


def find_imagemagick():
    """Return the path of ImageMagick's command, whatever the version calls it, or skip the test."""
    tool = find_tool("magick", "convert-im6.q16", "convert")
    said = subprocess.run([tool, "-version"], capture_output=True, check=False, timeout=60).stdout
    if not said.startswith(b"Version: ImageMagick"):  # others have a "convert" too
        pytest.skip("needs ImageMagick")
    return tool


def run(*command, **settings):
    """Run a program, and return what it writes."""
    result = subprocess.run(
        [*map(os.fspath, command)], capture_output=True, check=False, timeout=60, **settings
    )
    assert result.returncode == 0, result.stderr
    return result.stdout.decode().strip()


@pytest.fixture
def user(place, monkeypatch):
    """Be a user who has nothing yet but a command, in a directory of a hostile name."""
    monkeypatch.setenv("HOME", str(place / "home"))
    for variable in ("data", "config"):
        monkeypatch.setenv(f"XDG_{variable.upper()}_HOME", str(place / variable))
    command = place / "bin" / HOSTILE
    command.parent.mkdir(parents=True)
    script = TOOLS / "kmq-convert"
    command.write_text(f'#!/bin/sh\nexec {shlex.join([sys.executable, str(script)])} "$@"\n')
    command.chmod(0o755)
    monkeypatch.setattr(sys, "argv", [str(command)])
    return place


@pytest.fixture
def installed(user):
    """Be that user with everything in place."""
    assert convert.main(["--install-desktop"]) == 0
    return user


def mode_picture(mode):
    """Make a picture of a mode, with partial alpha if it has any."""
    image = Image.fromarray(gradient(60, 40)).quantize(50)
    if mode == "P":
        return image
    image = image.convert("RGB").convert(mode)
    if mode in ("LA", "RGBA"):
        image.putalpha(Image.new("L", image.size, 90))
        image.putpixel((3, 4), (255,) * len(mode))
    return image


def test_share_has_what_is_written():
    """A wheel installs exactly what the constants of the format say."""
    for name, write in FILES.items():
        assert (SHARE / name).read_text("utf-8") == write(COMMAND)


@pytest.fixture
def tell(place):
    """Return a function that asks file(1) about data."""
    tool = find_tool("file")
    (place / "magic").write_text(magic())

    def ask(data, *options):
        (place / "asked").write_bytes(data)
        return run(tool, "-b", "-m", place / "magic", *options, place / "asked")

    return ask


@pytest.mark.parametrize("mode", MODES)
def test_file_tells_the_header(mode, tell):
    """Version, coding, mode, size and colors are told of every mode."""
    coding = "packed" if len(mode) == 1 else "modelled"
    data = kmcodec.encode(mode_picture(mode), coding=coding)
    header = kmcodec.info(data).header
    colors = f"{header.color_count} colors"

    assert tell(data) == f"KMQ image data, version 0, {coding}, {mode}, 60 x 40, {colors}"


def test_file_tells_modes_that_pillow_has_no_name_for(tell):
    """Palettes with alpha are told apart."""
    image = mode_picture("RGBA").quantize(20)

    assert ", P with alpha, " in tell(kmcodec.encode(image))
    assert ", PA, " in tell(kmcodec.encode(image.convert("PA")))


@pytest.mark.parametrize("colors", [1, 2, 255, 256, 257, 65535, 65536])
def test_file_counts_colors(colors, tell):
    """A header has one less, of which no program can make 65536 in two bytes."""
    header = bytearray(kmcodec.encode(picture(30, 20, 4)))
    header[16:18] = (colors - 1).to_bytes(2, "little")

    assert tell(header).endswith(f", 30 x 20, {colors} color{'s' if colors > 1 else ''}")


def test_file_tells_animations_types_and_large_sizes(tell):
    """An animation is told, and so are the type, the extension, and sizes of four bytes."""
    frames = [picture(9, 8, 4, seed=seed) for seed in (0, 1)]
    moving = kmcodec.encode_frames(frames)
    header = bytearray(kmcodec.encode(frames[0]))
    header[8:16] = b"\0\0\0\x40\0\0\0\x40"

    assert ", animated, RGB, 9 x 8, " in tell(moving)
    assert ", animated" not in tell(header)
    assert ", 1073741824 x 1073741824, " in tell(header)
    assert tell(moving, "--mime-type") == MIME_TYPE
    assert tell(moving, "--extension") == "kmq"


def test_file_tells_no_more_than_it_knows(tell):
    """Of another version only that is told, and what begins otherwise is something else."""
    data = bytearray(kmcodec.encode(picture(9, 8, 4)))
    data[4] = 7
    assert tell(data) == "KMQ image data, version 7"
    assert tell(MAGIC) == "KMQ image data"
    assert "KMQ" not in tell(b"\x8bKMR" + data[4:])
    assert "KMQ" not in tell(b" " + data)


def test_file_finds_no_fault_in_the_rule(place):
    """The rule compiles without a warning."""
    (place / "magic").write_text(magic())
    command = [find_tool("file"), "-C", "-m", "magic"]
    result = subprocess.run(command, capture_output=True, check=True, timeout=60)

    assert b"arning" not in result.stderr


def test_file_knows_the_rule_of_the_user(installed):
    """Without being told where it is, and what other files are it still knows."""
    tool = find_tool("file")

    assert run(tool, "-b", installed / "a.kmq").startswith("KMQ image data, version 0, packed, RGB")
    assert run(tool, "-b", installed / "a.png").startswith("PNG image data")


def test_desktops_know_the_type(installed):
    """A .kmq is known by its extension, and without one by its first bytes; others are not."""
    find_tool("update-mime-database")
    tool = find_tool("gio")
    for name in ("a.kmq", "B.KMQ", "none"):
        (installed / name).write_bytes(Path("a.kmq").read_bytes())
        said = run(tool, "info", "-a", "standard::content-type", installed / name)
        assert said.endswith(f"standard::content-type: {MIME_TYPE}"), name
    assert "image/png" in run(tool, "info", "-a", "standard::content-type", installed / "a.png")
    assert convert.main(["--remove-desktop"]) == 0
    assert MIME_TYPE not in run(tool, "info", "-a", "standard::content-type", installed / "a.kmq")


def thumbnail_command(path, size, name, output):
    """Return the words that a desktop makes of an entry: split first, then filled in."""
    entry = ConfigParser(interpolation=None, delimiters="=", comment_prefixes="#")
    entry.optionxform = str
    entry.read(path, "utf-8")
    section = entry["Thumbnailer Entry"]
    assert section["MimeType"] == f"{MIME_TYPE};"
    words = shlex.split(section["Exec"])
    fields = {"%s": str(size), "%i": str(name), "%o": str(output), "%%": "%"}
    filled = [re.sub("%[sio%]", lambda field: fields[field[0]], word) for word in words]
    assert filled[0] == section["TryExec"]
    return filled


@pytest.mark.parametrize("name", NAMES)
def test_thumbnails_are_made_as_desktops_do(name, installed):
    """The output, which exists and has no extension, becomes a PNG; no name is taken for code."""
    kmcodec.save(picture(300, 200, 9), name)
    output = installed / ".thumbnail.X1Y2Z3"
    output.touch()
    command = thumbnail_command(PLACES["thumbnailer"], 128, installed / name, output)

    assert command[0] == sys.argv[0]
    assert run(*command) == ""
    with Image.open(output) as image:
        assert (image.format, image.size) == ("PNG", (128, 85))
    assert not Path("stolen").exists()


@pytest.mark.parametrize("mode", ["1", "LA", "P", "RGBA"])
def test_imagemagick_reads_and_writes(mode, installed):
    """Pixels are the same there and back, by delegates of the user's."""
    tool = find_imagemagick()
    mode_picture(mode).save("in.kmq", exact=True)
    run(tool, "in.kmq", "out.png")
    run(tool, "out.png", "back.kmq")
    expected = np.asarray(mode_picture(mode).convert("RGBA"))
    for name in ("out.png", "back.kmq"):
        with Image.open(name) as image:
            np.testing.assert_array_equal(np.asarray(image.convert("RGBA")), expected)
    assert (installed / "back.kmq").read_bytes().startswith(MAGIC)


def test_imagemagick_runs_no_names(installed):
    """Whatever a file is called, that is not a command of a shell."""
    tool = find_imagemagick()
    path = installed / NAMES[1]
    shutil.copy("a.kmq", path)
    run(tool, path, "out.png")
    path.unlink()
    run(tool, "out.png", path)

    assert path.read_bytes().startswith(MAGIC)
    assert not Path("stolen").exists()


def test_imagemagick_takes_the_first_frame(installed):
    """Of several frames the first is read, as PNG holds one."""
    tool = find_imagemagick()
    kmcodec.save_frames([picture(20, 10, 4, seed=seed) for seed in (0, 1)], "in.kmq")
    run(tool, "in.kmq", "out.png", cwd=installed)

    assert (np.asarray(Image.open("out.png").convert("RGB")) == picture(20, 10, 4)).all()


def test_everything_is_put_in_place_and_taken_away(user, capsys):
    """Twice is the same as once, each file is named, and nothing of ours is left."""
    for _ in range(2):
        assert convert.main(["--install-desktop"]) == 0
        said = capsys.readouterr().out
        contents = {name: (user / place).read_bytes() for name, place in PLACES.items()}
        assert all(f"{user / place} is in place" in said for place in PLACES.values())
    assert contents["magic"].startswith(magic().encode())
    ElementTree.fromstring(contents["mime"])
    (read, write) = ElementTree.fromstring(contents["delegates"])
    assert shlex.split(read.get("command").replace("%%", "%"))[0] == sys.argv[0]
    assert write.get("encode") == "kmq"

    assert convert.main(["--remove-desktop"]) == 0
    assert capsys.readouterr().out.count(" is removed\n") == 4
    assert not any((user / place).exists() for place in PLACES.values())
    assert convert.main(["--remove-desktop"]) == 0
    assert capsys.readouterr().out == ""


def test_another_version_replaces_what_is_ours(installed):
    """What was put in place for another command, and not changed since, is brought up to date."""
    other = desktop.Place(installed / PLACES["thumbnailer"], thumbnailer("/usr/bin/old"), "# {}")
    other.path.write_bytes(other.content)
    assert convert.main(["--install-desktop"]) == 0
    assert "/usr/bin/old" not in other.path.read_text()
    other.path.write_bytes(other.content)
    assert convert.main(["--remove-desktop"]) == 0
    assert not other.path.exists()


@pytest.mark.parametrize("which", PLACES)
@pytest.mark.parametrize("kind", ["others", "changed", "emptied", "link", "directory"])
def test_what_is_not_ours_stays(which, kind, installed, capsys, monkeypatch):
    """A file that somebody else wrote or changed is left, and what it lacks is told."""
    monkeypatch.setenv("PATH", "")
    path = installed / PLACES[which]
    before = path.read_bytes()
    texts = {"others": b"mine\n", "changed": before + b"mine\n", "emptied": b""}
    path.unlink()
    if kind == "link":
        path.symlink_to(installed / "gone")
    elif kind == "directory":
        path.mkdir()
    else:
        path.write_bytes(texts[kind])
    capsys.readouterr()
    assert convert.main(["--install-desktop"]) == 4
    said = capsys.readouterr().out
    assert f"{path} is your own, and stays as it is" in said
    assert before.decode().rpartition("#" if "# put" in before.decode() else "<!--")[0] in said
    assert said.count(" is in place\n") == 3
    assert convert.main(["--remove-desktop"]) == 0

    assert os.path.lexists(path)
    if kind in texts:
        assert path.read_bytes() == texts[kind]
    assert not (installed / "gone").exists()


def test_pipes_are_not_read(user):
    """What never ends is not waited for, and stays."""
    (user / "home").mkdir()
    os.mkfifo(user / PLACES["magic"])

    assert convert.main(["--install-desktop"]) == 4
    assert (user / PLACES["magic"]).is_fifo()


def test_homes_that_count(user, monkeypatch):
    """Relative ones are passed over, as XDG says, and none at all is an error."""
    monkeypatch.setenv("XDG_DATA_HOME", "relative")
    monkeypatch.delenv("XDG_CONFIG_HOME")
    assert convert.main(["--install-desktop"]) == 0
    assert (user / "home/.local/share/thumbnailers/kmq.thumbnailer").is_file()
    assert (user / "home/.config/ImageMagick/delegates.xml").is_file()
    assert not Path("relative").exists()

    def fail():
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", fail)
    assert convert.main(["--install-desktop"]) == 1


@pytest.mark.parametrize(
    ("script", "code", "said"),
    [
        (None, 0, "update-mime-database is missing"),
        ("exit 0", 0, ""),
        ("echo no space >&2; exit 1", 1, "no space"),
        ("exit 3", 1, "exit code 3"),
    ],
)
def test_the_database_of_types(script, code, said, user, monkeypatch, capsys):
    """It is brought up to date where that is possible, and if that fails it is told why."""
    tools = user / "tools"
    tools.mkdir()
    if script:
        tool = tools / "update-mime-database"
        tool.write_text(f'#!/bin/sh\necho "$@" > {user}/asked\n{script}\n')
        tool.chmod(0o755)
    monkeypatch.setenv("PATH", str(tools))

    assert convert.main(["--install-desktop"]) == code
    assert said in "".join(capsys.readouterr())
    if script:
        assert (user / "asked").read_text() == f"{user / 'data/mime'}\n"


@pytest.mark.parametrize("work", ["--install-desktop", "--remove-desktop"])
def test_faults_are_told_by_name(work, installed, capsys):
    """What cannot be read or written is one line, with the exit code of files."""
    path = installed / "data" / "thumbnailers"
    shutil.rmtree(path)
    path.write_text("in the way")
    assert convert.main(["--remove-desktop"]) == 0
    capsys.readouterr()
    code = convert.main([work])

    assert code == (1 if work == "--install-desktop" else 0)
    assert (str(path) in capsys.readouterr().err) == (code == 1)
    assert path.read_text() == "in the way"


@pytest.mark.parametrize(
    "name", ["-c", "gone", "a.kmq", "new\nline", "\udcff", 'a"b', "a'b", "a\\b", "a$b", "a`b"]
)
def test_what_is_no_command_is_not_named_in_files(name, user, monkeypatch, capsys):
    """Files name only what can be run, and in words that all of them can hold."""
    if name not in {"-c", "gone", "a.kmq"}:
        path = user / name
        path.write_text("#!/bin/sh\n")
        path.chmod(0o755)
    monkeypatch.setattr(sys, "argv", [name])

    assert convert.main(["--install-desktop"]) == 1
    assert "is no name by which other programs can run a command" in capsys.readouterr().err
    assert not (user / PLACES["thumbnailer"]).exists()


@pytest.mark.parametrize("work", ["--install-desktop", "--remove-desktop"])
@pytest.mark.parametrize("other", ["-n", "a.kmq", "--install-desktop", "-q"])
def test_it_is_done_alone(work, other, user, capsys):
    """Together with anything else it is wrong usage, and nothing is done."""
    for arguments in ((work, other), (other, work)):
        assert exit_code(convert.main, *arguments) == 2
        assert "exclude each other" in capsys.readouterr().err
    assert not (user / "data").exists()


def test_snippets_in_the_wheel_name_the_command():
    """Where a wheel puts them, the command is found in PATH."""
    assert "\nExec=kmq-convert " in thumbnailer()
    assert 'command="&quot;kmq-convert&quot; ' in delegates()
