"""The manifest: what was done is known again, and no file of anybody's is lost for it."""

import json
import os
import subprocess
import sys
import tracemalloc
from pathlib import Path

import pytest
from commands import needs_full_device, posix

from kmcodec.batch import manifest as manifest_module
from kmcodec.batch.manifest import Manifest, remove_leftovers
from kmcodec.conversion.faults import Exit, FileError

STAMP = [1000, 1_700_000_000_123_456_789]
NAMES = [
    "a.png",
    os.fsdecode(b"caf\xe9.png"),
    "new\nline.png",
    "\N{PARTY POPPER}.png",
    '{"done": "}.png',
    "s3://bucket/a b.png",
    "\udcf0\udc9f.png",
    "\x00",
    "x" * 5000,
]


@pytest.fixture
def path(tmp_path):
    """Name a manifest that is not there."""
    return str(tmp_path / "run.jsonl")


def resumed(path, settings="s"):
    """Open a manifest that may exist."""
    return Manifest.open(path, settings, resume=True)


def report(name, **changes):
    """Make a report of a conversion of an input that has a name."""
    return {
        "input": name,
        "output": f"{name}.kmq",
        "status": "converted",
        "bytes": 77,
        "stamp": STAMP,
        **changes,
    }


def is_done(manifest, name, stamp=tuple(STAMP), size=77):
    """Return whether an output that has some bytes now is known to be that of an input."""
    return manifest.is_done(name, f"{name}.kmq", stamp, lambda: size)


def size_of(path):
    """Return how many bytes a file has."""
    return Path(path).stat().st_size


def refusal(path, settings="s", *, resume=True):
    """Return the exit code and the message with which a manifest is refused."""
    with pytest.raises(FileError) as caught, Manifest.open(path, settings, resume=resume):
        pytest.fail("it was opened")
    assert caught.value.name == path
    return caught.value.code, str(caught.value)


@pytest.mark.parametrize("name", NAMES)
def test_what_is_done_is_known_again(path, name):
    """Whatever characters a name has, or bytes that are none."""
    with Manifest.open(path, "s", resume=False) as manifest:
        assert not is_done(manifest, name)
        manifest.begin([f"{name}.kmq"])
        manifest.finish([report(name)])

    with resumed(path) as manifest:
        assert is_done(manifest, name)
        assert not is_done(manifest, name, size=78)
        assert not is_done(manifest, name, size=None)
        assert not is_done(manifest, name, stamp=(1000, 1_700_000_000_123_456_788))
        assert not is_done(manifest, f"{name}x")
        assert not manifest.is_done(name, "other.kmq", STAMP, lambda: 77)
        assert not manifest.begun(f"{name}.kmq")
    assert Path(path).read_bytes().isascii()


def test_outputs_are_looked_at_only_where_it_matters(path):
    """A million that are not done yet need no look at the disk."""
    with resumed(path) as manifest:
        assert not manifest.is_done("a", "a.kmq", STAMP, lambda: pytest.fail("looked at"))


@pytest.mark.parametrize("stamp", [[12, "etag-\xe9"], [12, 1.1], [12, None], []])
def test_stamps_of_any_kind(path, stamp):
    """What stores on the net have instead of times is compared as it is."""
    with resumed(path) as manifest:
        manifest.finish([report("a", stamp=stamp)])
    with resumed(path) as manifest:
        assert is_done(manifest, "a", stamp)
        assert not is_done(manifest, "a", [*stamp, 0])


def test_the_last_record_counts(path):
    """An input that was converted twice, in two states, is done in the last of them."""
    with resumed(path) as manifest:
        manifest.finish([report("a"), report("b"), report("c")])
        manifest.finish([report("a", stamp=[1, 2]), report("b", status="failed", bytes=None)])
        manifest.finish([report("c", status="skipped", bytes=None, stamp=None)])
    with resumed(path) as manifest:
        assert not is_done(manifest, "a")
        assert is_done(manifest, "a", (1, 2))
        assert not is_done(manifest, "b")  # so it is tried again
        assert is_done(manifest, "c")


@pytest.mark.parametrize("status", ["failed", "skipped", "planned", "unheard of"])
def test_only_what_was_made_is_done(path, status):
    """All else is looked at again."""
    with resumed(path) as manifest:
        manifest.finish([report("a", status=status), report("b", output=None)])
    with resumed(path) as manifest:
        assert not is_done(manifest, "a")


def test_what_was_begun_is_known_until_it_is_finished(path):
    """Of a run that was killed, outputs that it was about to make are its own."""
    with resumed(path) as manifest:
        manifest.begin(["a.kmq", "b.kmq"])
        manifest.begin([])
        manifest.begin(["c.kmq"])
        manifest.finish([report("a"), report("c", status="failed")])
        assert not manifest.begun("b.kmq")  # by an earlier run
    with resumed(path) as manifest:
        assert [manifest.begun(f"{name}.kmq") for name in "abcd"] == [False, True, False, False]


def test_an_output_is_known_though_its_input_has_changed(path):
    """What an earlier run has made may be replaced; what somebody else has put there may not."""
    with resumed(path) as manifest:
        manifest.finish([report("a"), report("b"), report("c", status="skipped", bytes=None)])
        manifest.finish([report("b", status="failed", bytes=None, stamp=[9, 9])])
    with resumed(path) as manifest:
        for name in "ab":
            assert not is_done(manifest, name, stamp=(1, 2))
            assert manifest.made(name, f"{name}.kmq", lambda: 77)
            assert not manifest.made(name, f"{name}.kmq", lambda: 78)
            assert not manifest.made(name, f"{name}.kmq", lambda: None)
        assert not manifest.made("c", "c.kmq", lambda: 77)
        assert not manifest.made("a", "b.kmq", lambda: 77)


def test_what_would_be_larger_is_done(path):
    """Its input was encoded to find that, which is not done again while there is no output."""
    with resumed(path) as manifest:
        manifest.finish([report("a", status="skipped", bytes=None, larger=True)])
    with resumed(path) as manifest:
        assert is_done(manifest, "a", size=None)
        assert not is_done(manifest, "a", size=77)
        assert not is_done(manifest, "a", stamp=(1, 2), size=None)


@pytest.mark.parametrize("size", [0, 1, (1 << 29) - 1, (1 << 30) - 1, 1 << 30, 1 << 60])
def test_sizes_of_outputs(path, size):
    """Of any size an output is known again, and not taken for one of another."""
    with resumed(path) as manifest:
        manifest.finish([report("a", bytes=size)])
    with resumed(path) as manifest:
        assert is_done(manifest, "a", size=size)
        assert manifest.made("a", "a.kmq", lambda: size)
        assert not any(is_done(manifest, "a", size=other) for other in (size + 1, None))


def test_runs_are_told_apart(path):
    """Each has an identity, and knows those before it."""
    runs = []
    for _ in range(3):
        with resumed(path) as manifest:
            runs.append(manifest.run)
            assert manifest.runs == runs
    assert len(set(runs)) == 3
    first, *others = map(json.loads, Path(path).read_text().splitlines())
    assert first == {"kmq_manifest": 1, "run": runs[0], "settings": "s"}
    assert others == [{"run": run} for run in runs[1:]]


def test_a_manifest_torn_anywhere_is_resumed(path):
    """Wherever the process was killed in writing, the lines before are known."""
    with resumed(path) as manifest:
        manifest.finish([report("a")])
        manifest.finish([report("b")])
    data = Path(path).read_bytes()
    ends = [number + 1 for number, byte in enumerate(data) if byte == ord("\n")]
    for length in range(len(data)):
        Path(path).write_bytes(data[:length])
        with resumed(path) as manifest:
            assert is_done(manifest, "a") == (length >= ends[1])
            assert is_done(manifest, "b") == (length >= ends[2])
        left = Path(path).read_bytes()
        kept = max((end for end in ends if end <= length), default=0)
        assert left[:kept] == data[:kept]
        assert [*map(json.loads, left[kept:].splitlines())][-1]["run"] == manifest.run


@pytest.mark.parametrize(
    "content",
    [
        b"\x89PNG\r\n\x1a\n",
        b"KMQ",
        b"hello",
        b"\n",
        b"{}\n",
        b"[1]\n",
        b"null\n",
        b"[" * 100_000 + b"\n",
        b'{"kmq_manifest": "1", "run": "0123456789abcdef", "settings": "s"}\n',
        b'{"kmq_manifest": 1, "run": "0123456789abcdef"}\n',
        b'{"kmq_manifest": 1, "run": "../../../../etc/x", "settings": "s"}\n',
        b'{"run": "0123456789abcdef"}\n',
        b'{"kmq_manifest": ' + b"9" * 5000 + b', "run": "0123456789abcdef", "settings": "s"}\n',
        "\ufeff{}\n".encode(),
        "{}\n".encode("utf-16"),
        b"\x00" * 100,
    ],
)
@pytest.mark.parametrize("resume", [True, False])
def test_a_file_that_is_no_manifest_stays(path, content, resume):
    """A picture, a list of names: it is refused, and nothing of it is overwritten."""
    Path(path).write_bytes(content)
    expected = "is not a manifest of kmq-convert" if resume else "exists; --resume goes on with it"

    assert refusal(path, resume=resume) == (Exit.REFUSED, expected)
    assert Path(path).read_bytes() == content


@pytest.mark.parametrize(
    "line",
    [
        b"garbage",
        b"",
        b"7",
        b'{"done": {}}',
        b'{"done": {"input": "a", "output": 7, "status": "converted"}}',
        b'{"begun": "a"}',
        b'{"begun": [7]}',
        b'{"run": ".*"}',
        b'{"kmq_manifest": 1, "run": "short", "settings": "s"}',
        b"\xff",
    ],
)
def test_a_damaged_line_is_told(path, line):
    """The user learns which, and can remove it; nothing is guessed or lost."""
    with resumed(path) as manifest:
        manifest.finish([report("a")])
    data = Path(path).read_bytes() + line + b"\n" + b'{"begun": []}\n'
    Path(path).write_bytes(data)

    assert refusal(path) == (Exit.REFUSED, "is damaged in line 3")
    assert Path(path).read_bytes() == data


@pytest.mark.parametrize(
    "line",
    [
        {"done": {"input": "a", "output": "a.kmq", "status": "converted", "bytes": "77"}},
        {"done": {"input": "a", "output": "a.kmq", "status": "converted", "stamp": 7, "bytes": 7}},
        {"done": {"input": "a", "output": "a.kmq", "status": "converted"}, "more": [1]},
    ],
)
def test_a_record_without_a_size_or_stamp_proves_nothing(path, line):
    """Its input is converted again."""
    with resumed(path) as manifest:
        manifest._write([line])
    with resumed(path) as manifest:
        assert not is_done(manifest, "a")


def test_a_line_without_end_is_refused(path, monkeypatch):
    """What is longer than any line of ours is not read to its end, nor cut off."""
    monkeypatch.setattr(manifest_module, "_LONGEST_LINE", 1000)
    with resumed(path):
        pass
    data = Path(path).read_bytes() + b"x" * 1000
    Path(path).write_bytes(data)

    assert refusal(path) == (Exit.REFUSED, "is not a manifest of kmq-convert")
    assert Path(path).read_bytes() == data


def test_an_existing_manifest_is_only_resumed(path):
    """Without being asked to, no run goes on with it; with other settings, none does."""
    with Manifest.open(path, "s", resume=False):
        pass
    data = Path(path).read_bytes()

    assert refusal(path, resume=False) == (Exit.REFUSED, "exists; --resume goes on with it")
    code, message = refusal(path, "other")
    assert code == Exit.USAGE
    assert "other settings" in message
    assert Path(path).read_bytes() == data


def test_a_manifest_of_a_later_version_is_refused(path):
    """Its lines may mean something else."""
    with resumed(path):
        pass
    data = Path(path).read_bytes().replace(b'"kmq_manifest": 1', b'"kmq_manifest": 2')
    Path(path).write_bytes(data)

    assert refusal(path) == (Exit.REFUSED, "is of another version of kmcodec")
    assert Path(path).read_bytes() == data


@posix
@pytest.mark.parametrize("resume", [True, False])
def test_a_second_run_is_refused(path, resume):
    """In this process or another; and not after the first has ended, however it did."""
    script = (
        "import sys\n"
        "from kmcodec.batch.manifest import Manifest\n"
        "with Manifest.open(sys.argv[1], 's', resume=True) as manifest:\n"
        "    manifest.begin(['a.kmq'])\n"
        "    print('open', flush=True)\n"
        "    sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-P", "-c", script, path],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout.readline() == "open\n"
        data = Path(path).read_bytes()
        message = "is in use by another run" if resume else "exists; --resume goes on with it"
        assert refusal(path, resume=resume) == (Exit.REFUSED, message)
        assert Path(path).read_bytes() == data
        process.kill()
        process.wait()
        with resumed(path) as manifest:
            assert manifest.begun("a.kmq")
            assert refusal(path) == (Exit.REFUSED, "is in use by another run")


@posix
def test_a_full_disk_ends_the_run_and_loses_nothing(path):
    """A line of which only a part had room is cut off at once, and what was written is known."""
    import resource

    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        with resumed(path) as manifest:
            manifest.finish([report("a")])
            size = size_of(path)
            for room in (1, 50, 200):
                resource.setrlimit(resource.RLIMIT_FSIZE, (size + room, limits[1]))
                with pytest.raises(FileError, match="File too large") as caught:
                    manifest.finish([report("b"), report("c"), report("d")])
                assert (caught.value.code, caught.value.name) == (Exit.FAILED, path)
                assert size_of(path) == size
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    with resumed(path) as manifest:
        assert [is_done(manifest, name) for name in "ab"] == [True, False]


@posix
@pytest.mark.parametrize("existed", [True, False])
@pytest.mark.parametrize("room", [0, 10])
def test_a_manifest_for_which_there_is_no_room_is_not_made(path, room, existed):
    """The run ends before it begins; an empty file that was there stays, and no other is left."""
    import resource

    if existed:
        Path(path).touch()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, limits[1]))
    try:
        assert refusal(path) == (Exit.FAILED, "File too large")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert Path(path).exists() == existed
    assert not existed or Path(path).read_bytes() == b""


@posix
def test_only_a_regular_file_is_a_manifest(tmp_path):
    """A directory, a pipe that nobody writes, a device: each is refused, and none is waited for."""
    os.mkfifo(tmp_path / "pipe")
    for name in (tmp_path, tmp_path / "pipe", "/dev/null"):
        assert refusal(str(name)) == (Exit.REFUSED, "is not a manifest of kmq-convert")


@needs_full_device
def test_a_full_device_is_no_manifest():
    """It is refused before anything is written."""
    assert refusal("/dev/full") == (Exit.REFUSED, "is not a manifest of kmq-convert")


def test_a_manifest_that_cannot_be_opened_is_told(tmp_path):
    """The message is the system's."""
    assert refusal(str(tmp_path / "missing" / "x")) == (Exit.FAILED, "No such file or directory")
    assert refusal("") == (Exit.FAILED, "No such file or directory")


@posix
def test_a_link_is_followed(tmp_path, path):
    """The file is where the user has it; a link to nothing is told."""
    with resumed(path) as manifest:
        manifest.finish([report("a")])
    (tmp_path / "link").symlink_to(path)
    with resumed(str(tmp_path / "link")) as manifest:
        assert is_done(manifest, "a")
    (tmp_path / "loose").symlink_to(tmp_path / "nothing")
    assert refusal(str(tmp_path / "loose")) == (Exit.FAILED, "No such file or directory")


def test_errors_of_the_run_pass_as_they_are(path):
    """What happens while a manifest is open is not its own fault, and is not lost."""
    error = OSError(5, "mine")

    def fail(manifest):
        manifest.finish([report("a")])
        raise error

    with pytest.raises(OSError, match="mine") as caught, resumed(path) as manifest:
        fail(manifest)
    assert caught.value is error
    with resumed(path) as manifest:
        assert is_done(manifest, "a")


def test_lines_are_on_the_disk_soon(path, monkeypatch):
    """The first line at once, others at most once a second, and all in the end."""
    now, synced = [100.0], []
    monkeypatch.setattr(manifest_module.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(os, "fsync", lambda _: synced.append(size_of(path)))
    with resumed(path) as manifest:
        assert synced == [size_of(path)]
        for _ in range(20):
            now[0] += 0.25
            manifest.finish([report("a")])
        assert len(synced) == 6
    assert synced[-1] == size_of(path)


def test_a_disk_that_fails_to_sync_is_told(path, monkeypatch):
    """The run ends with the system's message instead of trusting it."""

    def fail(_):
        raise OSError(5, "Input/output error")

    with pytest.raises(FileError, match="Input/output error"), resumed(path):
        monkeypatch.setattr(os, "fsync", fail)


def test_memory_is_about_a_hundred_bytes_a_file(path):
    """Names, however long, are not kept."""
    count = 5000
    with resumed(path) as manifest:
        names = [f"{number}{'x' * 500}" for number in range(count)]
        manifest.begin([f"{name}.kmq" for name in names])
        manifest.finish(map(report, names))
    del names
    tracemalloc.start()
    with resumed(path):
        held = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()

    assert held < 250 * count  # as tables of a few thousand are half empty


def test_leftovers_of_these_runs_are_removed(tmp_path):
    """Other runs' temporary files, and whatever else looks a little like them, stay."""
    runs = ["0123456789abcdef", "fedcba9876543210"]
    gone = [f".kmq-{run}-{'0a' * 8}.tmp" for run in runs]
    kept = [
        ".kmq-0000000000000000-0a0a0a0a.tmp",
        ".kmq-0a0a0a0a0a0a0a0a.tmp",
        f".kmq-{runs[0]}-x.tmp",
        f".kmq-{runs[0]}-0a.old",
        f"x{gone[0]}",
        f"{gone[0]}x",
    ]
    for name in gone[:1] + kept:
        (tmp_path / name).write_bytes(b"half")
    (tmp_path / gone[1]).mkdir()  # of frames
    (tmp_path / gone[1] / "0001.png").touch()
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "precious").touch()
    if sys.platform != "win32":
        (tmp_path / f".kmq-{runs[0]}-0b.tmp").symlink_to(outside)

    remove_leftovers(tmp_path, [])
    assert (tmp_path / gone[0]).exists()
    remove_leftovers(tmp_path, runs)
    remove_leftovers(tmp_path / "missing", runs)

    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([*kept, "outside"])
    assert [path.name for path in outside.iterdir()] == ["precious"]
