"""Build the site from what the repository has: texts, pictures, commands and reports.

MkDocs calls the functions whose names begin with ``on_``, and finds the modules beside this one.
"""

import re
from typing import Any, Final

import made
import texts
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files

_LOADED: Final = re.compile(
    r"<(?:img|link|script|source)\b[^>]*?(?:href|src)=[\"']?(https?:[^\"'\s>]*)"
)


def on_files(files: Files, config: Any) -> Files:
    """Add the pages and files that are not in the folder of pages."""
    for path, content in {**texts.pages(), **made.files()}.items():
        files.append(File.generated(config, path, content=content))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Fill in the numbers of the pictures that are shown."""
    return made.fill(markdown) if page.file.src_uri in made.SHOWN else markdown


def on_post_page(output: str, page: Any, **_: Any) -> str:
    """Refuse a page that loads anything from elsewhere."""
    if found := _LOADED.search(output):
        raise PluginError(f"{page.file.src_uri} loads {found[1]}")
    return output
