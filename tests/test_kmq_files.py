"""The files that names on the command line of ``kmq-info`` mean."""

import os
from pathlib import Path

import pytest
from commands import needs_descriptors, posix
from helpers import picture

import kmcodec
from kmcodec.cli.kmq_files import are_worth_it, find_files
from kmcodec.conversion.faults import FileError

pytestmark = pytest.mark.usefixtures("place")


@pytest.fixture(autouse=True)
def tree(place):
    """Make a tree with .kmq files, and what is none of them."""
    for name in ("art/z.kmq", "art/m.KMQ", "art/b/c.kmq", "art/a/d.kmq", "art/.x.kmq", "art/n.txt"):
        path = Path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        kmcodec.save(picture(4, 4, 3), path)
    Path("art/a.png").write_bytes(Path("a.png").read_bytes())
    Path("empty").mkdir()
    return place


def told(*names, recursive=True):
    """Return names, with slashes, and codes and messages of errors."""
    found = find_files(names, recursive=recursive)
    return [
        (one.code, str(one)) if isinstance(one, FileError) else one.name.replace(os.sep, "/")
        for one in found
    ]


def test_trees():
    """Of a directory all .kmq files are meant, by their extension, files first, sorted by name."""
    tree = ["art/m.KMQ", "art/z.kmq", "art/a/d.kmq", "art/b/c.kmq"]

    assert told("a.png", "art", "-") == [
        "a.png",
        *tree,
        "-",
    ]
    assert [one.bytes for one in find_files(["art"], recursive=True)] == [
        Path(name).stat().st_size for name in tree
    ]


def test_directories_are_told():
    """Without -r one is an error that names the option; with it, one without .kmq files is."""
    assert told("art", recursive=False) == [(2, "is a directory; -r shows the .kmq files in it")]
    assert told("empty", "art/n.txt") == [(1, "has no .kmq file"), "art/n.txt"]


def test_names_of_nothing_are_left_to_who_opens_them():
    """What does not exist, or cannot, keeps its place, and its error is told when it is opened."""
    assert told("missing.kmq", "no\0name", "s3://bucket/x.kmq", recursive=False) == [
        "missing.kmq",
        "no\0name",
        "s3://bucket/x.kmq",
    ]
    fault = "a URL of a local file has three slashes, as in file:///home/me/a.png"
    assert told("file://host/x.kmq", "a.kmq") == [(2, fault), "a.kmq"]


def test_local_urls():
    """A URL of a file or a directory is as its path."""
    urls = [Path(name).absolute().as_uri() for name in ("a.kmq", "art/a")]

    assert told(*urls) == [urls[0], Path("art/a/d.kmq").absolute().as_posix()]


def test_urls():
    """A file in a store, and all .kmq files below a directory there; one without is told."""
    fsspec = pytest.importorskip("fsspec")
    memory = fsspec.filesystem("memory")
    for name in ("kmq/tree/a.kmq", "kmq/tree/b/c.kmq", "kmq/tree/d.png", "kmq/none/e.png"):
        memory.pipe_file(name, b"")
    try:
        tree = ["memory://kmq/tree/a.kmq", "memory://kmq/tree/b/c.kmq"]
        assert told("memory://kmq/tree") == tree
        assert told(tree[0]) == tree[:1]
        assert told("memory://kmq/none") == [(1, "has no .kmq file")]
        assert told("memory://kmq/missing")[0][0] == 1
    finally:
        memory.rm("kmq", recursive=True)


def test_a_directory_that_cannot_be_read(monkeypatch):
    """It is an error of its own, and the rest of the tree is shown."""
    scan = os.scandir

    def scan_or_fail(folder):
        if Path(folder) == Path("art/a"):
            raise PermissionError(13, "Permission denied")
        return scan(folder)

    monkeypatch.setattr(os, "scandir", scan_or_fail)
    assert told("art")[2:] == [(1, "Permission denied"), "art/b/c.kmq"]


@posix
def test_links():
    """One out of the tree, to a directory or to nothing is an error; one within is followed."""
    for name, leads_to in (("e", "../a.kmq"), ("f", "z.kmq"), ("g", "missing"), ("h", "b")):
        Path(f"art/{name}.kmq").symlink_to(leads_to)

    assert told("art")[:4] == [
        (4, "is a link that leads out of the tree"),
        "art/f.kmq",
        (1, "No such file or directory"),
        (4, "is a link to a directory, which is not followed"),
    ]


def test_processes_are_for_much_work():
    """One file, however large, and few small ones are checked by this process."""
    with Path("large.kmq").open("wb") as file:
        file.truncate(2 << 20)

    assert not are_worth_it(["large.kmq"], recursive=False)
    assert not are_worth_it(["art", "missing"] * 9, recursive=True)
    assert are_worth_it(["a.kmq", "large.kmq"], recursive=False)
    assert are_worth_it(["a.kmq"] * 2000, recursive=False)
    assert not are_worth_it(["a.kmq", "large.kmq", "-"], recursive=False)
    assert not are_worth_it(["MEMORY://x.kmq", "a.kmq", "large.kmq"], recursive=False)


@needs_descriptors
def test_descriptors_are_read_by_this_process():
    """Another one has others of these names, or none."""
    with Path("large.kmq").open("wb") as file:
        file.truncate(2 << 20)
        for name in ("/dev/stdin", f"/dev/fd/{file.fileno()}", "/proc/self/fd/0"):
            assert not are_worth_it(["large.kmq", "a.kmq", name], recursive=False)
        assert are_worth_it(["large.kmq", "/dev/null"], recursive=False)
