"""What both commands have in common: streams, exit codes, names."""

import json
import os
import signal
import subprocess
import sys
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
import pytest
from commands import (
    TOOLS,
    FakeStandard,
    damage,
    exit_code,
    needs_full_device,
    posix,
    run_shell,
    run_tool,
    same,
)
from helpers import picture
from PIL import Image

import kmcodec
from kmcodec import __main__
from kmcodec.cli import convert, info, report
from kmcodec.conversion import still

pytestmark = pytest.mark.usefixtures("place")


def test_real_pipes():
    """The scripts of ``tools`` work between pipes."""
    picture_bytes = Path("a.png").read_bytes()
    encoded = run_tool("kmq-convert", "--coding", "packed", "-", input=picture_bytes)
    assert (encoded.returncode, encoded.stderr) == (0, b"")
    shown = run_tool("kmq-info", "--check", "-", input=encoded.stdout)
    assert (shown.returncode, shown.stderr) == (0, b"")
    assert shown.stdout.startswith(b"-: KMQ v0 128x128 RGB, 16 colors, 4 bits an index")


def test_closed_standard_streams(monkeypatch, capsys):
    """A standard stream that the shell has closed is one line and code 1."""
    monkeypatch.setattr(sys, "stdin", None)
    for main in (convert.main, info.main, report.main):
        assert main(["-"]) == 1
        assert capsys.readouterr().err.endswith(": standard input or output: it is closed\n")
    monkeypatch.setattr(sys, "stdout", None)
    commands = [
        (convert.main, "a.png", "-"),
        (info.main, "--json", "-q", "a.kmq"),
        (report.main, "a.png", "-o", "-"),
    ]
    for main, *arguments in commands:
        assert main(arguments) == 1
        assert capsys.readouterr().err.endswith(": standard input or output: it is closed\n")
    assert convert.main(["a.png", "b.kmq"]) == 0


@posix
def test_closed_standard_error():
    """What cannot be told goes nowhere else: not into the picture."""
    result = run_shell("kmq-convert", "-v", "a.png", "-", closed="2>&-")
    assert result.returncode == 0
    assert kmcodec.info(result.stdout, check=True).file_bytes == len(result.stdout)


def test_nothing_is_told_without_standard_error(monkeypatch, capsys):
    """A picture is written as ever, a report told, and what has no place is an error."""
    frames = [Image.fromarray(picture(8, 8, 8, seed=seed)) for seed in range(3)]
    frames[0].save("m.gif", save_all=True, append_images=frames[1:])
    Path("bad.kmq").write_bytes(Path("a.kmq").read_bytes()[:-1])
    monkeypatch.setattr(sys, "stderr", None)
    assert info.main(["--json", "bad.kmq"]) == 3
    assert json.loads(capsys.readouterr().out)[0]["error"]["type"] == "TruncatedError"
    for code, arguments in ((0, ["m.gif", "-"]), (1, ["--json", "a.png", "-"])):
        monkeypatch.setattr(sys, "stdout", output := FakeStandard())
        assert convert.main(arguments) == code
        data = output.buffer.getvalue()
        assert data == b"" if code else kmcodec.info(data, check=True).file_bytes == len(data)


@posix
@pytest.mark.parametrize(
    ("tool", "arguments"), [("kmq-info", ["a.kmq"]), ("kmq-convert", ["--json", "a.png", "x.kmq"])]
)
def test_closed_standard_output(tool, arguments):
    """What is asked for and has nowhere to go is an error, before anything is written."""
    result = run_shell(tool, *arguments, closed=">&-")
    assert result.returncode == 1
    assert result.stderr == f"{tool}: standard input or output: it is closed\n".encode()
    assert not Path("x.kmq").exists()


@posix
def test_files_get_no_number_of_a_closed_stream():
    """Libraries in C write messages to descriptor 2, whatever it is."""
    program = (
        "import os, sys; from kmcodec.cli import convert\n"
        "from kmcodec.conversion import picture; write = picture.write_output\n"
        "def spoil(pieces, output, *others):\n"
        "    def noisy():\n"
        "        for number in (0, 1, 2):\n"
        "            try: os.write(number, b'message')\n"
        "            except OSError: pass\n"
        "        yield from pieces\n"
        "    return write(noisy(), output, *others)\n"
        "picture.write_output = spoil; sys.exit(convert.main(['a.png', 'x.kmq']))"
    )
    command = f"exec '{sys.executable}' -c \"$0\" <&- >&- 2>&-"
    subprocess.run(["sh", "-c", command, program], check=True, timeout=60)
    assert same("x.kmq", "a.png")


@needs_full_device
def test_full_standard_error(monkeypatch):
    """A message that cannot be written changes nothing."""
    with Path("/dev/full").open("wb") as full:
        command = [sys.executable, str(TOOLS / "kmq-convert"), "-v", "a.png", "x.kmq"]
        assert subprocess.run(command, stderr=full, check=False, timeout=60).returncode == 0
    with suppress(OSError), Path("/dev/full").open("w") as full:
        monkeypatch.setattr(sys, "stderr", full)
        assert convert.main(["missing.png"]) == 1


@posix
@pytest.mark.parametrize(("name", "code"), [("SIGINT", 130), ("SIGTERM", 143), ("SIGHUP", 129)])
def test_signals_unwind_once(place, monkeypatch, name, code):
    """A signal removes the temporary file, though others follow; then handlers are as before."""

    def signaled(*_, **__):
        yield b"half"
        try:
            os.kill(os.getpid(), signal.Signals[name])
            yield b"whole"
        finally:
            for other in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                os.kill(os.getpid(), other)
            assert [path.suffix for path in place.iterdir()].count(".tmp") == 1

    monkeypatch.setattr(still, "encode_image", lambda *_: (None, signaled()))
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGHUP)]
    assert exit_code(convert.main, "a.png", "x.kmq") == code
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGHUP)] == before
    assert sorted(path.name for path in place.iterdir()) == ["a.kmq", "a.png"]


@posix
@pytest.mark.parametrize("tool", ["kmq-convert", "kmq-info", "kmq-report"])
def test_an_interrupt_during_imports(tool):
    """It is as quiet as later."""
    Path("numpy.py").write_text("import os, signal; os.kill(os.getpid(), signal.SIGINT)")
    result = run_tool(tool, "a.kmq", env=os.environ | {"PYTHONPATH": str(Path.cwd())})
    assert (result.returncode, result.stdout, result.stderr) == (130, b"", b"")


@posix
def test_an_ignored_signal_stays_ignored():
    """As of nohup, or of a shell's jobs in the background."""
    old = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with monkeypatched_encoder(lambda: os.kill(os.getpid(), signal.SIGHUP)):
            assert convert.main(["a.png", "x.kmq"]) == 0
    finally:
        signal.signal(signal.SIGHUP, old)
    assert same("x.kmq", "a.png")


@contextmanager
def monkeypatched_encoder(act):
    """Do something before a picture is encoded."""
    encode = still.encode_image

    def acting(*args):
        act()
        return encode(*args)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(still, "encode_image", acting)
        yield


@pytest.mark.parametrize(
    ("code", "arguments"),
    [
        (1, ["missing.png"]),
        (2, ["."]),
        (1, ["a.png", "missing/out.kmq"]),
        (1, ["a.png", "x" * 300 + ".kmq"]),
        (1, ["rgba.kmq", "out.jpg"]),
        (1, ["deep.png", "out.kmq"]),
        (2, []),
        (2, ["a.png", "b.kmq", "-o", "c.kmq"]),
        (2, ["a.png", "--unknown"]),
        (2, ["a.png", "--color", "3"]),
        (2, ["a.png", "--colors", "0"]),
        (2, ["a.png", "--colors", "65537"]),
        (2, ["a.png", "--colors", "many"]),
        (2, ["a.png", "--dither", "1.5"]),
        (2, ["a.png", "--dither", "nan"]),
        (2, ["a.png", "--dither", "some"]),
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


@pytest.mark.parametrize("main", [convert.main, info.main, report.main])
def test_help_and_version(main, capsys):
    """Help starts with examples and lists exit codes; the version is the package's."""
    assert exit_code(main, "--help") == 0
    text = capsys.readouterr().out
    assert text.index("examples:") < text.index("options:") < text.index("exit codes:")
    assert exit_code(main, "-V") == 0
    assert capsys.readouterr().out.split()[0] in {"kmq-convert", "kmq-info", "kmq-report"}


@posix
@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("kmq-convert", ["big.png", "--coding", "packed", "-"]),
        ("kmq-info", ["--palette", "big.kmq"]),
        ("kmq-report", ["big.png", "-o", "-"]),
    ],
)
def test_broken_pipe(tool, arguments):
    """When the reader of standard output goes, the command ends quietly with 141."""
    Image.fromarray(picture(300, 300, 256)).save("big.png")  # of more bytes than a pipe holds
    kmcodec.save(picture(100, 100, 9000), "big.kmq", colors=9000, coding="packed")
    command = [sys.executable, str(TOOLS / tool), *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.read(10)
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(60) == 141


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


def test_report(capsys, monkeypatch):
    """``python -m kmcodec --report`` tells versions and that all is compiled."""
    command = [sys.executable, "-m", "kmcodec"]
    result = subprocess.run([*command, "--report"], capture_output=True, check=True, timeout=60)
    text = result.stdout.decode()
    for name in ("kmcodec", "Python", "platform", "numpy", "scipy", "pillow", "bitarray", "cores"):
        assert f"{name}: " in text
    assert "binding compiled, costs compiled, dithering compiled" in text
    assert "Pillow plugin: registered" in text
    monkeypatch.setattr(sys, "argv", ["kmcodec"])
    __main__.main()
    assert capsys.readouterr().out.startswith("usage:")
