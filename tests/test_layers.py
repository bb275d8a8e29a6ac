"""The rules the house is built by: what each module may know of the others."""

import ast
from functools import cache
from pathlib import Path

import kmcodec

PACKAGE = Path(kmcodec.__file__).parent
MODULES = {
    path.relative_to(PACKAGE).with_suffix("").as_posix(): path
    for path in PACKAGE.rglob("*.py")
    if path.name != "_build.py"
}

# From the lowest on: a module or folder sees only what is on layers before its own.
LAYERS = [
    {"_compiled", "atomic", "checks", "errors"},
    {"colors", "format", "libkmq"},
    {"animation", "options"},
    {"frame_options", "images", "spool", "stages", "workers"},
    {"coding", "quantizer"},
    {"codec", "decoding"},
    {"frames"},
    {"plugin"},
    {"KmqImagePlugin"},
    {"files", "saving"},
    {"__init__"},
    {"conversion"},
    {"batch"},
    {"report"},
    {"__main__", "cli"},
]


def folder_of(module):
    """Return the module or folder of the package that a module is, or is in."""
    return module.split("/")[0]


def layer_of(module):
    """Return the number of a module's layer."""
    (number,) = (i for i, layer in enumerate(LAYERS) if folder_of(module) in layer)
    return number


@cache
def tree_of(module):
    """Parse a module."""
    return ast.parse(MODULES[module].read_text("utf-8"))


@cache
def imports_of(module):
    """Modules of this package that a module imports, wherever in it: ``coding/bands`` and so on."""
    found = set()
    parents = module.split("/")[:-1]
    for node in ast.walk(tree_of(module)):
        if not isinstance(node, ast.ImportFrom):
            continue
        if node.level:
            base = [*parents[: len(parents) + 1 - node.level], *(node.module or "").split(".")]
        elif node.module and node.module.split(".")[0] == "kmcodec":
            base = node.module.split(".")[1:]
        else:
            continue
        base = [name for name in base if name]
        for alias in node.names:
            inner = "/".join([*base, alias.name])
            found.add(inner if inner in MODULES else "/".join(base) or "__init__")
    return found


def test_every_module_is_on_one_layer():
    """The layers name all modules and folders, and nothing else."""
    named = [name for layer in LAYERS for name in layer]

    assert sorted(named) == sorted({folder_of(module) for module in MODULES})


def test_a_module_sees_only_what_is_below():
    """Within a folder modules may know one another, as long as they go in no circle."""
    for module in MODULES:
        for other in imports_of(module):
            if folder_of(other) != folder_of(module):
                assert layer_of(other) < layer_of(module), (module, other)


def test_the_wings_do_not_know_one_another():
    """Only the codec, and the plugin and files for reading, see both or either."""
    for module in MODULES:
        seen = {folder_of(other) for other in imports_of(module)}
        if folder_of(module) in ("coding", "quantizer"):
            assert not seen & ({"coding", "quantizer"} - {folder_of(module)}), module
    both = {m for m in MODULES if {"coding", "quantizer"} <= set(map(folder_of, imports_of(m)))}
    assert both == {"codec", "frames"}


def test_options_see_only_the_format():
    """Options, and the colors in them, are checked without knowing what is done with them."""
    assert imports_of("options") == {"checks", "colors", "format"}
    assert imports_of("format") == {"errors"}
    assert imports_of("colors") == set()
    assert imports_of("errors") == set()


def test_no_imports_go_in_a_circle():
    """Every module can be read before those that use it."""
    waiting = {module: imports_of(module) - {module} for module in MODULES}
    while waiting:
        ready = [m for m, others in waiting.items() if not others & waiting.keys()]
        assert ready, f"a circle among {sorted(waiting)}"
        for module in ready:
            del waiting[module]


def test_modes_are_told_apart_in_three_places():
    """Elsewhere the table of modes says what is asked."""
    modes = set(kmcodec.format.Mode.__members__)
    for module in MODULES:
        if module in {"format", "images/pixels", "quantizer/indexing"}:
            continue
        for node in ast.walk(tree_of(module)):
            is_member = isinstance(node, ast.Attribute) and node.attr in modes
            assert not (is_member and ast.unparse(node.value) == "Mode"), module


def test_the_binding_serves_coding_alone():
    """Whatever comes from C is checked and raised in one wing."""
    for module in MODULES:
        if {"libkmq/binding", "libkmq/costs"} & imports_of(module):
            assert folder_of(module) in ("coding", "libkmq"), module
