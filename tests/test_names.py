"""Test how pictures are found by names, in trees and in lists."""

import os
import random
import sys
from io import BytesIO
from pathlib import Path

import pytest
from commands import posix

from kmcodec.batch.names import Found, Selection, find_pictures, read_names, walk
from kmcodec.conversion.faults import Exit, FileError

pytestmark = posix  # as names are told as the system writes them


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    """Enter an empty folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def make(*names, content=b"12345"):
    """Make files, and the folders that they are in."""
    for name in names:
        path = Path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def find(*names, recursive=True, mirrored=False, **selection):
    """Return what names mean: relative paths, and errors by name."""
    found = list(find_pictures(names, Selection(**selection), recursive, mirrored))
    faults = {one.name: (one.code, str(one)) for one in found if isinstance(one, FileError)}
    return [one.relative for one in found if isinstance(one, Found)], faults


def found_in(root, **selection):
    """Return what is found in a tree, where nothing is wrong."""
    found, faults = find(root, **selection)
    assert not faults
    return found


def test_a_file():
    """It is found with its size and time, in what folder it ever is."""
    make("in/sub/a.png")
    (found,) = find_pictures(["in/sub/a.png"], Selection(), recursive=False, mirrored=False)
    state = Path("in/sub/a.png").stat()

    assert found == ("in/sub/a.png", "a.png", (5, state.st_mtime_ns))


def test_a_file_is_taken_whatever_its_name():
    """What is named is meant, unlike what is in a tree."""
    make("a", "b.txt", ".hidden.png", "c.kmq")
    names = ["a", "b.txt", ".hidden.png", "c.kmq"]
    assert find(*names, include=("*.gif",), exclude=("a",)) == (names, {})


def test_what_is_not_there():
    """Each is an error, and the others are found."""
    make("a.png")
    found, faults = find("no.png", "a.png", "no/b.png", "a.png/c.png", "x" * 999)

    assert found == ["a.png"]
    assert faults == {
        "no.png": (Exit.FAILED, "No such file or directory"),
        "no/b.png": (Exit.FAILED, "No such file or directory"),
        "a.png/c.png": (Exit.FAILED, "Not a directory"),
        "x" * 999: (Exit.FAILED, "File name too long"),
    }


@pytest.mark.parametrize("recursive", [True, False])
def test_names_that_no_file_has(recursive):
    """Of a NUL, or of what is no Unicode, and of a host that is not this one."""
    make("a.png")
    names = ["a\0.png", "b\0/a.png", "\ud800.png", "file://host/a.png", "file:no", "a.png"]
    found, faults = find(*names, recursive=recursive)

    assert found == ["a.png"]
    assert list(faults) == names[:-1]
    assert "three slashes" in faults["file://host/a.png"][1]


def test_local_urls_are_paths(place):
    """They are found under their path."""
    make("a b.png")
    (found,) = find_pictures([f"file://{place}/a%20b.png"], Selection(), False, False)

    assert (found.name, found.relative) == (f"{place}/a b.png", "a b.png")


def test_standard_input_is_alone():
    """A pipe has no name that others could be told from."""
    found, faults = find("-")
    assert not found
    assert faults["-"] == (Exit.USAGE, "is no regular file, so it is converted alone, to one OUT")


def test_what_is_no_regular_file():
    """A pipe could be read only once, and perhaps not in another process; a device never ends."""
    os.mkfifo("pipe.png")
    Path("link.png").symlink_to("pipe.png")
    found, faults = find("pipe.png", "link.png", "/dev/null", "/dev/full")

    assert not found
    assert set(faults.values()) == {
        (Exit.USAGE, "is no regular file, so it is converted alone, to one OUT")
    }
    assert len(faults) == 4


def test_a_directory_is_entered_only_if_asked_for():
    """So that nothing is converted by accident."""
    make("in/a.png")
    fault = "is a directory; -r converts the pictures in it"

    assert find("in", recursive=False) == ([], {"in": (Exit.USAGE, fault)})
    assert find("in") == (["a.png"], {})


def test_a_tree_in_order():
    """Of each directory first the files, by name, then the directories."""
    make("in/b/z.png", "in/b/a/y.png", "in/a/x.gif", "in/z.jpg", "in/B.PNG", "in/c.bmp")
    expected = ["B.PNG", "c.bmp", "z.jpg", "a/x.gif", "b/z.png", "b/a/y.png"]

    assert found_in("in") == expected
    assert found_in("in/") == expected
    assert found_in("./in/../in") == expected


def test_the_current_directory(monkeypatch):
    """It has the names of what is in it."""
    make("in/sub/a.png", "in/b.png")
    monkeypatch.chdir("in")
    found = list(find_pictures(["."], Selection(), True, False))

    assert [one.relative for one in found] == ["b.png", "sub/a.png"]
    assert all(Path(one.name).exists() for one in found)


def test_names_of_all_kinds():
    """Spaces, newlines, leading dashes, emoji: a name is a name."""
    names = ["-f.png", " .png", "a\nb.png", "ä 😀.png", "%41.png", "*[a].png", "back\\slash.png"]
    make(*(f"in/{name}" for name in names))
    assert sorted(found_in("in")) == sorted(names)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such names")
def test_names_that_are_no_text():
    """Their bytes are kept."""
    name = os.fsdecode(b"in\xff/\xfe.png")
    make(name)
    try:
        assert os.fsencode(found_in(os.fsdecode(b"in\xff"))[0]) == b"\xfe.png"
    finally:
        Path(name).unlink()


def test_what_is_passed_over():
    """Hidden things, and what no plugin of Pillow's reads by its extension."""
    make("in/.a.png", "in/.git/b.png", "in/c.txt", "in/d", "in/e.pdf", "in/f.png", "in/g.kmq")
    assert found_in("in") == ["f.png"]
    assert found_in("in", of_kmq=True) == ["g.kmq"]


def test_a_hidden_root_is_meant():
    """It was named."""
    make(".in/a.png")
    assert found_in(".in") == ["a.png"]


def test_nothing_in_a_tree():
    """That is an error, with a hint if there is something else."""
    make("in/a.txt", "packed/a.kmq")
    Path("empty").mkdir()
    fault = (Exit.FAILED, "has no picture to convert")
    hint = (Exit.FAILED, "has no picture to convert; --to png converts its .kmq files")

    assert find("in", "empty") == ([], {"in": fault, "empty": fault})
    assert find("packed") == ([], {"packed": hint})
    assert find("in", of_kmq=True) == ([], {"in": (Exit.FAILED, "has no .kmq file")})


@pytest.mark.parametrize(
    ("selection", "expected"),
    [
        ({"include": ("*.gif",)}, ["b.gif", "sub/d.gif"]),
        ({"include": ("sub/*",)}, ["sub/c.png", "sub/d.gif"]),
        ({"include": ("a*", "c*")}, ["a.png", "sub/c.png"]),
        ({"exclude": ("*.gif",)}, ["a.png", "sub/c.png"]),
        ({"exclude": ("sub/*",)}, ["a.png", "b.gif"]),
        ({"include": ("*.png",), "exclude": ("[ab].*",)}, ["sub/c.png"]),
        ({"include": ("A.PNG",)}, []),
    ],
)
def test_patterns(selection, expected):
    """They are of names or of paths below the root, and of the case that is given."""
    make("in/a.png", "in/b.gif", "in/sub/c.png", "in/sub/d.gif")
    assert [found.relative for found in walk("in", Selection(**selection))] == expected


def test_the_output_is_not_entered():
    """A directory in a tree that is written to is no part of it."""
    make("in/a.png", "in/out/b.png", "in/other/out/c.png")
    expected = ["a.png", "other/out/c.png"]

    assert found_in("in", avoid="in/out") == expected
    assert found_in("in", avoid="./in/other/../out/") == expected
    assert found_in("in", avoid="in") == ["a.png", "other/out/c.png", "out/b.png"]
    assert found_in("in", avoid="nowhere") == ["a.png", "other/out/c.png", "out/b.png"]


def test_links():
    """Those that stay in the tree are followed to files only, and no circle is run through."""
    make("in/a.png", "in/sub/b.png", "secret/c.png", "innocent/d.png")
    link = {
        "to-a.png": "a.png",
        "to-b.png": "sub/b.png",
        "round.png": "../in/a.png",
        "out.png": "../secret/c.png",
        "far.png": "/etc/passwd",
        "nowhere.png": "no.png",
        "itself.png": "itself.png",
        "one.png": "other.png",
        "other.png": "one.png",
        "here": ".",
        "above": "..",
        "innocent": "../innocent",
        "sub/back.png": "../../secret/../in/a.png",
    }
    for name, to in link.items():
        Path("in", name).symlink_to(to)
    found, faults = find("in")
    out = "is a link that leads out of the tree"
    folder = "is a link to a directory, which is not followed"

    assert found == ["a.png", "round.png", "to-a.png", "to-b.png", "sub/b.png", "sub/back.png"]
    assert {name.removeprefix("in/"): fault for name, (_, fault) in faults.items()} == {
        "out.png": out,
        "far.png": out,
        "nowhere.png": "No such file or directory",
        "itself.png": "Too many levels of symbolic links",
        "one.png": "Too many levels of symbolic links",
        "other.png": "Too many levels of symbolic links",
        "here": folder,
        "above": folder,
        "innocent": folder,
    }


def test_a_neighbor_of_a_similar_name_is_out_of_the_tree():
    """The tree "in" has nothing of "in2"."""
    make("in/a.png", "in2/b.png")
    Path("in/b.png").symlink_to("../in2/b.png")
    assert find("in")[1]["in/b.png"][1] == "is a link that leads out of the tree"


def test_a_root_may_be_a_link():
    """What it leads to is the tree."""
    make("real/a.png", "real/sub/b.png")
    Path("real/c.png").symlink_to("sub/b.png")
    Path("link").symlink_to("real")
    assert found_in("link") == ["a.png", "c.png", "sub/b.png"]


def test_pipes_and_devices_in_a_tree():
    """What is no regular file is passed over, by whichever name, and nothing waits for it."""
    make("in/a.png")
    os.mkfifo("in/pipe.png")
    Path("in/link.png").symlink_to("pipe.png")
    assert found_in("in") == ["a.png"]


def test_a_directory_that_cannot_be_read(monkeypatch):
    """It is told, and the rest of the tree is found."""
    make("in/a.png", "in/locked/b.png", "in/open/c.png")
    scan = os.scandir

    def refuse(path):
        if str(path).endswith("locked"):
            raise PermissionError(13, "Permission denied")
        return scan(path)

    monkeypatch.setattr(os, "scandir", refuse)
    found, faults = find("in")

    assert found == ["a.png", "open/c.png"]
    assert faults == {"in/locked": (Exit.FAILED, "Permission denied")}


def test_what_vanishes_meanwhile():
    """A directory that is gone when it is entered is told."""
    make("in/a.png", "in/sub/b.png")
    found = walk("in", Selection())
    assert next(found).relative == "a.png"
    Path("in/sub/b.png").unlink()
    Path("in/sub").rmdir()

    assert [(str(one), one.name) for one in found] == [("No such file or directory", "in/sub")]


def test_a_deep_tree():
    """Depth is limited by the system alone."""
    deep = "/".join("d" * 400)
    make(f"in/{deep}/a.png")
    assert found_in("in") == [f"{deep}/a.png"]


@pytest.mark.parametrize(
    ("name", "relative"),
    [("a.png", "a.png"), ("./sub//b.png", "sub/b.png"), ("sub/./b.png", "sub/b.png")],
)
def test_relative_names_of_lists_keep_their_directories(name, relative):
    """However they are written."""
    make("a.png", "sub/b.png")
    assert find(name, mirrored=True) == ([relative], {})


@pytest.mark.parametrize("name", ["../x/a.png", "sub/../../x/a.png", "{}/a.png", "sub/../a.png"])
def test_names_of_lists_that_have_no_place(name, place, monkeypatch):
    """What is absolute, or leads up, is refused, as its output would be who knows where."""
    make("x/a.png", "x/sub/b.png")
    monkeypatch.chdir("x")
    name = name.format(place / "x")
    fault = "has no place below --out-dir, as it is absolute or leads up"

    assert find(name, mirrored=True) == ([], {name: (Exit.REFUSED, fault)})
    assert find(name, mirrored=False) == (["a.png"], {})


@pytest.mark.parametrize("size", [1, 2, 5, 1 << 16])
@pytest.mark.parametrize("separator", [b"\n", b"\0"])
def test_lists(size, separator, monkeypatch):
    """Names are read in whatever pieces they come; none is empty, and the last may be open."""
    monkeypatch.setattr("kmcodec.batch.names._PIECE_BYTES", max(size, 16))
    names = [b"a.png", b"", b"-f", b" b c ", b"\xff\xfe", "ä".encode(), b"x" * 16, b"", b"last"]
    expected = [os.fsdecode(name) for name in names if name]
    for end in (b"", separator):
        data = separator.join(names) + end

        class Pieces(BytesIO):
            def read(self, _size):
                return super().read(size)

        assert list(read_names(Pieces(data), separator)) == expected


def test_each_kind_of_list_takes_the_other_separator_in_names():
    """A newline is part of a name that a NUL ends."""
    assert list(read_names(BytesIO(b"a\nb\0c\r\n"), b"\0")) == ["a\nb", "c\r\n"]


def test_an_empty_list():
    """It has no names."""
    assert list(read_names(BytesIO(b""), b"\n")) == []
    assert list(read_names(BytesIO(b"\n\n"), b"\n")) == []


def test_what_is_no_list_is_not_read_to_its_end():
    """A large file without a newline would take a time that grows with the square of its size."""
    file = BytesIO(random.Random(0).randbytes(1 << 20).replace(b"\n", b" "))
    with pytest.raises(ValueError, match="has a name of more than 65,536 bytes"):
        list(read_names(file, b"\n"))
    assert file.tell() < 1 << 18
