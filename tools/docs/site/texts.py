"""Make pages of the texts of the repository, and let their links lead to one another."""

import posixpath
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from kmcodec.cli import convert, info, report

ROOT: Final = Path(__file__).resolve().parents[3]

PAGES: Final = {
    "README.md": "index.md",
    "CHANGELOG.md": "changelog.md",
    "spec/kmq.md": "specification.md",
    "spec/vectors/README.md": "vectors.md",
    "tools/examples/recipes/README.md": "recipes.md",
    "tools/viewer/README.md": "web.md",
    "tools/bench/RESULTS.md": "results.md",
    ".github/CONTRIBUTING.md": "contributing.md",
    "tests/pictures/CREDITS.md": "credits.md",
}
"""Texts in Markdown, and the pages they become."""

PLACES: Final = {
    **PAGES,
    "LICENSE": "license.md",
    "tools/examples": "examples.md",
    "tools/viewer/index.html": "viewer.html",
}
"""Where links to files of the repository lead."""

_LINK: Final = re.compile(r"(!?\[[^]]*\])\(([^()\s#:]+)(#[^()\s]*)?\)")
_FENCED: Final = re.compile(r"(^```.*?^```$)", re.DOTALL | re.MULTILINE)
_LIST: Final = re.compile(r"^(?!\s|[-*] |\d+\. )(.+)\n(?=[-*] |1\. )", re.MULTILINE)
_TWICE: Final = re.compile(r"\]\[")


def pages() -> dict[str, str | bytes]:
    """Return all pages, and the pictures in them, by their names."""
    pictures: dict[str, bytes] = {}
    found = {
        page: _LINK.sub(_Follow(source, pictures), _adapt(_read(source)))
        for source, page in PAGES.items()
    }
    found["license.md"] = f"# License\n\n{_fence(_read('LICENSE'))}"
    found["examples.md"] = "\n\n".join(("# Examples", *_examples("tools/examples")))
    found["recipes.md"] = "\n\n".join((found["recipes.md"], *_examples("tools/examples/recipes")))
    found["commands.md"] = "\n\n".join(("# Commands", *_commands()))
    return {**found, **pictures}


class _Follow:
    """A function for the links of a text, which adds the pictures that they show to others."""

    def __init__(self, source: str, pictures: dict[str, bytes]) -> None:
        self._folder = posixpath.dirname(source)
        self._pictures = pictures

    def __call__(self, link: re.Match[str]) -> str:
        text, target, place = link.groups()
        path = posixpath.normpath(posixpath.join(self._folder, target))
        if not (ROOT / path).exists():
            raise FileNotFoundError(f"a link leads to {path}, which there is not")
        if path in PLACES:
            return f"{text}({PLACES[path]}{place or ''})"
        if path.endswith((".png", ".svg")):
            name = f"pictures/{posixpath.basename(path)}"
            self._pictures[name] = (ROOT / path).read_bytes()
            return f"{text}({name})"
        if path.startswith("tools/examples/"):
            return f"{text}({'recipes' if 'recipes' in path else 'examples'}.md#{_anchor(path)})"
        raise ValueError(f"a link leads to {path}, which is on no page")


def _read(path: str) -> str:
    return (ROOT / path).read_text("utf-8")


def _adapt(text: str) -> str:
    """Write for Python-Markdown what is written for that of GitHub.

    A list needs an empty line before it, and ``a[i][j]`` is no link there.
    """
    blocks = _FENCED.split(text)
    blocks[::2] = [_LIST.sub(r"\1\n\n", _TWICE.sub(r"]\\[", block)) for block in blocks[::2]]
    return "".join(blocks)


def _examples(folder: str) -> Iterator[str]:
    """Yield a section for each script of a folder."""
    for path in sorted((ROOT / folder).glob("*.py")):
        script = _fence(path.read_text("utf-8"), "python")
        yield f"## {path.name} {{#{_anchor(path.name)}}}\n\n{script}"


def _anchor(path: str) -> str:
    return posixpath.splitext(posixpath.basename(path))[0].replace("_", "-")


def _commands() -> Iterator[str]:
    """Yield a section for each command, with its help."""
    for module in (convert, info, report):
        parser = module.make_parser()
        yield f"## {parser.prog}\n\n{_fence(parser.format_help())}"


def _fence(text: str, language: str = "text") -> str:
    return f"````{language}\n{text.strip()}\n````"
