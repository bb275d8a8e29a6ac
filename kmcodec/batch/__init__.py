"""Convert many files: in batches, in processes or on a cluster, and resumed where it ended.

Everything is as of ``kmq-convert``, whose options are the attributes of ``Request``, which says
what is converted to where, and of ``Settings``, which says how:

    from kmcodec.batch import Request, Settings, convert_files

    if __name__ == "__main__":  # as each process reads the script once more
        request = Request(["art"], recursive=True, out_dir="packed", if_exists="newer")
        settings = Settings(options={"colors": 16, "speed": 7}, if_larger="copy")
        for report in convert_files(request, settings, manifest="run.jsonl", resume=True):
            print(report.input, report.status, report.bytes, report.error)
"""

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from kmcodec.conversion.report import Report
    from kmcodec.conversion.task import Settings

    from .convert import Request, convert_files

__all__ = ("Report", "Request", "Settings", "convert_files")

# Read when a name is first used, as modules of this folder are also used without these: by
# kmq-info, and by processes, which start sooner.
_MODULES: Final = {
    "Report": "kmcodec.conversion.report",
    "Request": "kmcodec.batch.convert",
    "Settings": "kmcodec.conversion.task",
    "convert_files": "kmcodec.batch.convert",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = globals()[name] = getattr(import_module(_MODULES[name]), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
