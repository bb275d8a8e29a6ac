"""Test URLs of stores: S3, HTTP and memory, all of them on this machine."""

import http.server
import os
import subprocess
import sys
import threading
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar

import boto3
import fsspec
import pytest
from commands import posix, same
from fsspec.implementations.memory import MemoryFileSystem
from moto.server import ThreadedMotoServer
from PIL import Image

from kmcodec.cli import convert, info
from kmcodec.conversion import reading
from kmcodec.conversion.faults import Exit, FileError
from kmcodec.conversion.places import (
    Stat,
    is_url,
    join,
    local_path,
    open_url,
    shown,
    stat_url,
    walk_url,
    write_url,
)

NOWHERE = "http://127.0.0.1:1"


@pytest.fixture(scope="module")
def s3():
    """Serve S3 on this machine, and return the URL of a bucket there."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
        patch.setenv("AWS_ACCESS_KEY_ID", "someone")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        patch.setenv("NO_PROXY", host)
        fsspec.filesystem("s3").mkdir("bucket")
        yield "s3://bucket"
    server.stop()


@pytest.fixture
def memory():
    """Empty the store of this process, and return the URL of a directory there."""
    MemoryFileSystem.store.clear()
    yield "memory://tree"
    MemoryFileSystem.store.clear()


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers of a server whose pages are known by their paths."""

    pages: ClassVar = {}

    def do_GET(self):
        status, headers, body = self.pages.get(self.path.partition("?")[0], (404, {}, b""))
        self.send_response(status)
        for header in ({"Content-Length": str(len(body))} | headers).items():
            self.send_header(*header)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    do_HEAD = do_GET  # noqa: N815  (named by its method)

    def log_message(self, *_):
        pass


@pytest.fixture
def web(a_picture):
    """Serve HTTP on this machine, and return its URL."""
    png, _ = a_picture
    links = ["a.png", "sub/", "../../up.png", "/elsewhere.png", "sub/../../b.png", "%2e%2e"]
    links.append(f"{NOWHERE}/other.png")
    page = "".join(f'<a href="{link}">' for link in links).encode()
    Handler.pages = {
        "/a.png": (200, {"ETag": '"tag"', "Last-Modified": "Mon, 05 Jan 2026 00:00:00 GMT"}, png),
        "/tree": (200, {"Content-Type": "text/html"}, page),
        "/tree/sub": (200, {"Content-Type": "text/html"}, b'<a href="b.png">'),
        "/secret.png": (403, {}, b""),
    }
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def check_trees(root, monkeypatch, folder, a_picture):
    """Convert a tree to a store, within it, and back, and see that nothing is converted twice."""
    monkeypatch.chdir(folder)
    for name in ("in/a.png", "in/b c/\u00e9.png"):
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_bytes(a_picture[0])
    Path("in/bad.png").write_bytes(b"junk")
    packed, png = ["--coding", "packed"], ["--to", "png"]
    assert convert.main([*packed, "-r", "in", "--out-dir", f"{root}/out"]) == 3
    assert [name for name, _ in walk_url(f"{root}/out")] == ["a.kmq", "b c/\u00e9.kmq"]
    with open_url(f"{root}/out/a.kmq") as file:
        assert file.read() == a_picture[1]
    assert convert.main([*png, "-r", f"{root}/out", "--out-dir", f"{root}/back"]) == 0
    assert convert.main([*png, "-r", f"{root}/out", "--out-dir", "back"]) == 0
    assert same("back/b c/\u00e9.png", "in/a.png")
    assert convert.main([*png, "-r", f"{root}/out", "--out-dir", "back"]) == 4
    again = [*packed, "-q", "-r", "in", "--exclude", "bad*", "--out-dir", f"{root}/out"]
    assert convert.main(again) == 4
    assert convert.main([*again, "--if-exists", "skip"]) == 0
    assert convert.main([f"{root}/back/a.png", f"{root}/one.kmq"]) == 0
    assert info.main(["--check", f"{root}/one.kmq"]) == 0
    assert info.main([f"{root}/none.kmq"]) == 1


def test_trees_in_s3_are_converted(s3, monkeypatch, tmp_path, a_picture):
    """They are read and written by workers as by anybody else."""
    check_trees(s3, monkeypatch, tmp_path, a_picture)


def test_trees_in_memory_are_converted(memory, monkeypatch, tmp_path, a_picture):
    """They are in this process, and so is the work."""
    check_trees(memory, monkeypatch, tmp_path, a_picture)


def put_object(key, data):
    """Write an object as others do, whatever it is called."""
    with closing(boto3.client("s3")) as client:
        client.put_object(Bucket="bucket", Key=key, Body=data)


def fault_of(function, *arguments):
    """Return the error of a call, which is one line."""
    with pytest.raises(FileError) as caught:
        function(*arguments)
    assert "\n" not in str(caught.value)
    return caught.value


def test_a_tree_in_s3(s3, a_picture):
    """What is written is listed, described and read as it is, and found again below its root."""
    png, kmq = a_picture
    root = join(s3, "tree")
    files = {"a.png": png, "b?c=1#d%20.kmq": kmq, "c/d/e.png": png, "c/f.png": png}
    for name in reversed(files):
        assert write_url(join(root, name), [files[name][:10], files[name][10:]]) == len(files[name])
    put_object("tree/c/", b"")  # what a console makes when asked for a folder

    found = dict(walk_url(f"{root}/"))

    assert list(found) == ["a.png", "b?c=1#d%20.kmq", "c/f.png", "c/d/e.png"]
    for name, stat in found.items():
        assert stat == stat_url(join(root, name))
        assert stat.size == len(files[name])
        assert abs(stat.modified - datetime.now(UTC).timestamp()) < 3600
        assert open_url(join(root, name)).read() == files[name]
    assert found["a.png"].stamp == found["c/f.png"].stamp != found["b?c=1#d%20.kmq"].stamp


def test_files_in_s3_that_others_change(s3):
    """Nothing that a store said before is believed later."""
    name = join(s3, "changing/a.png")
    assert stat_url(name) is None
    write_url(name, [b"1"])
    ((_, before),) = walk_url(join(s3, "changing"))
    put_object("changing/a.png", b"22")

    after = stat_url(name)

    assert (before.size, after.size) == (1, 2)
    assert before.stamp != after.stamp
    assert list(walk_url(join(s3, "changing"))) == [("a.png", after)]


def test_faults_of_s3(s3):
    """Each is told in one line; a bucket is not made."""
    missing = "s3://no-such-bucket/a/b/c.kmq"

    assert str(fault_of(write_url, missing, [b"1"])) == "The specified bucket does not exist"
    assert str(fault_of(open_url, missing)) == "The specified bucket does not exist"
    assert str(fault_of(open_url, join(s3, "none"))) == "No such file or directory"
    assert str(fault_of(list, walk_url(join(s3, "none")))) == "No such file or directory"
    assert fsspec.filesystem("s3").ls("") == ["bucket"]


def test_names_in_s3_that_lead_elsewhere(s3):
    """A name that would be another one in a path is told, and the others are listed."""
    odd = ["../up.png", "./here.png", "/root.png", "c/../../up.png", "c//d.png", "e/"]
    for name in ["a.png", "w::memory:", *odd]:
        put_object(f"odd/{name}", b"1")
    faults = []

    assert [name for name, _ in walk_url(join(s3, "odd"), faults.append)] == ["a.png", "w::memory:"]
    assert [fault.name for fault in faults] == ["", ".", "..", "c/", "c/..", "e/"]
    assert all(fault.code == Exit.REFUSED for fault in faults)
    assert open_url(join(s3, "odd/w::memory:")).read() == b"1"
    with pytest.raises(FileError, match="names no file"):
        list(walk_url(join(s3, "odd")))


def test_files_in_memory(memory, a_picture):
    """The simplest store of all has no tags, and tells when files were made."""
    png, _ = a_picture
    name = join(memory, "c/a.png")

    assert write_url(name, [png]) == len(png)

    stat = stat_url(name)
    assert stat == Stat(len(png), stat.modified, stat.modified)
    assert list(walk_url(memory)) == list(walk_url(f"{memory}//")) == [("c/a.png", stat)]
    assert list(walk_url("memory://")) == [("tree/c/a.png", stat)]
    assert open_url(name).read() == open_url("MEMORY:///tree/c/a.png").read() == png
    assert stat_url(join(memory, "c")) is None  # a directory
    assert stat_url(join(memory, "none")) is None
    assert str(fault_of(list, walk_url(name))) == "is a file, not a directory"


def test_a_deep_tree_is_listed_as_it_is_read(memory, monkeypatch):
    """Each directory is asked for when those before have been listed, however deep they are."""
    depth = 2000
    listed = []

    def ls(_, path, **__):
        listed.append(path)
        inner = {"name": f"{path}/d", "type": "directory", "size": 0}
        file = {"name": f"{path}/a.png", "type": "file", "size": 1, "created": 5.0}
        return [inner, file] if len(listed) < depth else [file]

    monkeypatch.setattr(MemoryFileSystem, "ls", ls)
    files = walk_url(memory)

    assert [next(files)[0], next(files)[0], len(listed)] == ["a.png", "d/a.png", 2]
    assert sum(1 for _ in files) == depth - 2


def test_a_directory_that_cannot_be_listed(memory, monkeypatch):
    """It is told, and those beside it are listed; without a listener it ends the list."""
    for name in ("a/1.png", "b/2.png", "c/3.png"):
        write_url(join(memory, name), [b"1"])
    ls = MemoryFileSystem.ls

    def refuse(store, path, **options):
        if path.endswith("/b"):
            raise PermissionError(13, "Permission denied")
        return ls(store, path, **options)

    monkeypatch.setattr(MemoryFileSystem, "ls", refuse)
    faults = []

    assert [name for name, _ in walk_url(memory, faults.append)] == ["a/1.png", "c/3.png"]
    assert [(fault.name, str(fault)) for fault in faults] == [
        ("memory://tree/b", "Permission denied")
    ]
    with pytest.raises(FileError, match="Permission denied"):
        list(walk_url(memory))


def test_directories_are_made_where_a_store_has_any(memory, monkeypatch):
    """Those above a file are made when it takes them, but not the first."""
    made = []
    pipe_file = MemoryFileSystem.pipe_file

    def strict(store, path, data):
        if len(made) < 2:
            raise FileNotFoundError(path)
        pipe_file(store, path, data)

    def mkdir(_, path, create_parents):
        assert not create_parents
        made.append(path)
        if len(made) == 1:
            raise FileExistsError

    monkeypatch.setattr(MemoryFileSystem, "pipe_file", strict)
    monkeypatch.setattr(MemoryFileSystem, "mkdir", mkdir)

    assert write_url(join(memory, "a/b/c.kmq"), [b"123"]) == 3
    assert made == ["/tree/a", "/tree/a/b"]


def test_a_store_has_the_old_file_until_the_new_is_known(memory):
    """An encoder that fails has not touched it, and its error is its own."""
    name = join(memory, "a.kmq")
    write_url(name, [b"old"])

    def pieces():
        yield b"n"
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write_url(name, pieces())
    assert open_url(name).read() == b"old"


def test_http_is_read(web, a_picture):
    """A picture is read whole; the server's tag and time say which one it is."""
    png, _ = a_picture

    assert open_url(f"{web}/a.png?signature=x").read() == png
    with Image.open(open_url(f"{web}/a.png")) as image:
        assert image.size == (128, 128)
    modified = datetime(2026, 1, 5, tzinfo=UTC).timestamp()
    assert stat_url(f"{web}/a.png") == Stat(len(png), '"tag"', modified)
    assert stat_url(f"{web}/none.png") is None


def test_faults_of_http(web):
    """A file that is refused, or a server that is away, is not taken for a missing file."""
    assert "403" in str(fault_of(stat_url, f"{web}/secret.png"))
    assert "403" in str(fault_of(open_url, f"{web}/secret.png"))
    assert "connect" in str(fault_of(stat_url, f"{NOWHERE}/a.png")).lower()
    assert str(fault_of(open_url, f"{web}/none.png")) == "No such file or directory"
    assert fault_of(write_url, f"{web}/a.png", [b"1"]).code == Exit.FAILED


def test_links_of_a_page_lead_nowhere_else(web):
    """Only what is below is listed, and names that lead out of it are told."""
    faults = []

    names = [name for name, _ in walk_url(f"{web}/tree/", faults.append)]

    assert names == ["%2e%2e", "a.png", "sub/b.png"]
    assert sorted(fault.name for fault in faults) == ["../../up.png", "sub/../../b.png"]


def test_a_url_is_read_to_a_limit(memory, a_picture, monkeypatch):
    """It is the same as for streams, and what is no picture is left after its start."""
    png, _ = a_picture
    monkeypatch.setattr(reading, "MAX_STREAM_BYTES", 2 << 20)
    write_url(join(memory, "large.png"), [png, bytes(3 << 20)])
    write_url(join(memory, "none.png"), [bytes(3 << 20)])

    assert "are read from files only" in str(fault_of(open_url, join(memory, "large.png")))
    assert len(open_url(join(memory, "none.png")).read()) == 1 << 20


@pytest.mark.parametrize(
    ("name", "hidden"),
    [
        ("http://me:secret@host/a?X-Sig=b", "http://***@host/a?***"),
        ("https://token@host/a", "https://***@host/a"),
        ("sftp://me:se@cret@host/a@b:c@d", "sftp://***@host/a@b:c@d"),
        ("abfs://container@account/a", "abfs://container@account/a"),
        ("s3://bucket/a b.png", "s3://bucket/a b.png"),
        (
            "403, url='http://h/a?sig=b' at http://u:p@h",
            "403, url='http://h/a?***' at http://***@h",
        ),
        ("/home/me:you@here/what?.png", "/home/me:you@here/what?.png"),
    ],
)
def test_passwords_and_signatures_are_not_shown(name, hidden):
    """Whatever tells of a URL leaves these out."""
    assert shown(name) == hidden


def test_errors_name_urls_without_passwords(web):
    """Neither their names nor the words of the store have any."""
    host = web.removeprefix("http://")
    for url in (f"http://me:secret@{host}/secret.png?signature=secret", "xyz://me:secret@h/a"):
        for function in (open_url, stat_url, lambda name: list(walk_url(name))):
            error = fault_of(function, url)
            assert "me:" not in error.name + str(error)
            assert "=secret" not in error.name + str(error)
            assert "***@" in error.name


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("s3://bucket/a", True),
        ("file:///a", True),
        ("HTTP://host", True),
        ("c://a", False),
        ("c:\\a", False),
        ("a:b", False),
        ("./s3://bucket/a", False),
        ("-", False),
        ("", False),
    ],
)
def test_which_names_are_urls(name, answer):
    """They have a scheme of two letters or more."""
    assert is_url(name) is answer


@posix
@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("file:///a/b%20c.png", "/a/b c.png"),
        ("FILE://localhost/a", "/a"),
        ("local:///a?b#c", "/a?b#c"),
        ("file:///a%FF", "/a\udcff"),
        ("a%20b.png", "a%20b.png"),
        ("s3://bucket/a%20b.png", "s3://bucket/a%20b.png"),
    ],
)
def test_urls_of_local_files(name, path):
    """They are paths to all that follows, also where these are no text."""
    assert local_path(name) == path


@pytest.mark.parametrize("name", ["file://a.png", "file://", "file://host/a.png"])
def test_urls_of_files_elsewhere(name):
    """A host is refused, and what was to be a relative path looks like one."""
    assert fault_of(local_path, name).code == Exit.USAGE


def test_below_a_local_root(tmp_path):
    """Files are named by paths, which are written as all others are, and not by stores."""
    path = join(tmp_path.as_uri(), "c/50%25.png")

    assert path == str(tmp_path / "c" / "50%25.png")
    assert join(".", "a/b").replace(os.sep, "/") == "./a/b"
    for function in (open_url, stat_url, lambda name: write_url(name, [b"1"])):
        assert "local_path" in str(fault_of(function, (tmp_path / "a").as_uri()))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("root", ["tree", "file:///tree", "s3://bucket/tree", "memory://"])
@pytest.mark.parametrize("name", ["", "..", "a/../../b", "/a", "a//b", "./a", "a/", "a/.."])
def test_what_is_not_below_a_root(root, name):
    """A path that would lead out of it, or be another, is refused."""
    assert fault_of(join, root, name).code == Exit.REFUSED


@pytest.mark.skipif(sys.platform != "win32", reason="Windows has drives and two kinds of slash")
@pytest.mark.parametrize("name", ["..\\b", "c:b", "c:\\b", "\\b"])
def test_what_is_not_below_a_root_of_windows(name):
    """There a name from elsewhere may be a path."""
    assert fault_of(join, "tree", name).code == Exit.REFUSED
    assert join("s3://bucket", name) == f"s3://bucket/{name}"


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("xyz://a", "xyz:// is of no known store"),
        ("reference://a", "reference:// names no store by itself"),
        ("gs://a/b", "gcsfs"),
    ],
)
def test_stores_that_cannot_be_used(name, fault, monkeypatch):
    """The line tells what is missing."""
    monkeypatch.setitem(sys.modules, "gcsfs", None)

    assert fault in str(fault_of(open_url, name))


def test_fsspec_is_missing(monkeypatch):
    """The line tells what to install."""
    monkeypatch.setitem(sys.modules, "fsspec", None)

    assert str(fault_of(stat_url, "s3://a/b")).endswith("pip install 'kmcodec[cluster]'")


def test_paths_take_no_fsspec():
    """It is imported for URLs of stores only, as that takes its time."""
    script = """if True:
        import sys
        from kmcodec.conversion.places import is_url, join, local_path
        is_url("a"), join("a", "b"), local_path("file:///a")
        sys.exit("fsspec" in sys.modules)
    """
    subprocess.run([sys.executable, "-P", "-c", script], check=True, timeout=60)


def test_memory_is_not_enough(memory, monkeypatch):
    """That is told as for files."""

    def fail(*_, **__):
        raise MemoryError

    monkeypatch.setattr(MemoryFileSystem, "open", fail)

    assert str(fault_of(open_url, join(memory, "a.png"))) == "not enough memory"
