"""Run batches on a Dask cluster that is there already."""

import asyncio
import logging
import pkgutil
import time
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, Future
from contextlib import contextmanager, suppress
from textwrap import shorten
from typing import Any, Final, TypeVar

import kmcodec
from kmcodec.conversion.faults import Exit, FileError

_SECONDS_TO_CONNECT: Final = 10
_SECONDS_TO_CLOSE: Final = 2
_SECONDS_TO_COUNT: Final = 1  # for which a count of threads is believed
_BATCHES_A_THREAD: Final = 2  # one is worked on while the next is on its way
_MOST_LETTERS: Final = 300  # of what Dask says
_LOGGERS: Final = (  # that Dask gives a level of their own, or Python a handler
    "asyncio",
    "distributed",
    "distributed.client",
    "distributed.gc",
    "tornado",
    "tornado.application",
)

Client = Any  # of distributed
R = TypeVar("R")


class Cluster:
    """The workers of a cluster as an executor, to which a lost worker is no matter."""

    def __init__(self, client: Client) -> None:
        """Submit to the cluster of a client that is connected."""
        self._client = client
        # Work that is submitted again is done again, which that of pure functions is not.
        self._executor = client.get_executor(pure=False)
        self._threads = 0
        self._counted = -float(_SECONDS_TO_COUNT)

    def submit(self, function: Callable[..., R], /, *args: Any) -> Future[R]:
        """Have a function called by a worker.

        Raises:
            BrokenExecutor: the scheduler is gone.
        """
        self._check()
        try:
            future: Future[R] = self._executor.submit(function, *args)
        except RuntimeError:
            self._check()
            raise
        return future

    def in_flight(self) -> int:
        """Return how many batches keep the workers busy that there are now."""
        now = time.monotonic()
        if now - self._counted >= _SECONDS_TO_COUNT and self._client.status == "running":
            with suppress(OSError):  # the scheduler is gone, as submitting will tell
                self._threads = sum(self._client.nthreads().values())
            self._counted = time.monotonic()
        return _BATCHES_A_THREAD * max(1, self._threads)

    def _check(self) -> None:
        """Refuse to submit what nobody would take."""
        if self._client.status != "running":
            raise BrokenExecutor("the connection to the scheduler is lost")


@contextmanager
def connect(address: str) -> Iterator[Cluster]:
    """Connect to the scheduler of a Dask cluster, as ``tcp://10.0.0.1:8786``, for some time.

    At its end, batches not begun are dropped, and those being worked on are not waited for.

    Raises:
        FileError: it cannot be reached, has no workers, or they have another kmcodec than this.
    """
    try:
        import distributed
    except ImportError:
        fault = "a cluster takes Dask: pip install 'kmcodec[cluster]'"
        raise FileError(Exit.FAILED, address, fault) from None
    with _quiet():
        client = _open(distributed, address)
        try:
            _check_workers(client, address)
            yield Cluster(client)
        finally:
            with suppress(OSError):  # no longer there to say goodbye to
                client.close(_SECONDS_TO_CLOSE)


def _open(distributed: Any, address: str) -> Client:
    """Make a client that is connected."""
    try:
        asyncio.run(_reach(distributed, address))
        with warnings.catch_warnings():
            # Of other versions of Python, Dask and so on, which will do; kmcodec's is checked.
            warnings.simplefilter("ignore", distributed.versions.VersionMismatchWarning)
            return distributed.Client(address, timeout=_SECONDS_TO_CONNECT, set_as_default=False)
    except Exception as error:  # TypeError where TLS is not set up, and more
        reason = f": {shorten(str(error), _MOST_LETTERS)}" if str(error) else ""
        raise FileError(Exit.FAILED, address, f"no Dask scheduler answers{reason}") from error


async def _reach(distributed: Any, address: str) -> None:
    """Connect once: a client waits for ever for what is there but no scheduler, as a web server."""
    settings = distributed.Security().get_connection_args("client")
    async with asyncio.timeout(_SECONDS_TO_CONNECT):
        connection = await distributed.comm.connect(address, **settings)
    connection.abort()


def _check_workers(client: Client, address: str) -> None:
    """Refuse a cluster without workers, or with some that would do another thing than this."""
    answers = {}
    with suppress(OSError):  # none in time, or the scheduler is gone
        client.wait_for_workers(1, timeout=_SECONDS_TO_CONNECT)
        answers = client.run(pkgutil.resolve_name, "kmcodec:__version__", on_error="return")
    versions = {worker: a for worker, a in answers.items() if not isinstance(a, OSError)}
    if not versions:  # or those that were there have gone since
        raise FileError(Exit.FAILED, address, "no Dask worker answers: start some with dask worker")
    for worker, version in versions.items():
        if version != kmcodec.__version__:
            said = f"kmcodec {version}" if isinstance(version, str) else f"no kmcodec ({version})"
            fault = f"worker {worker} has {said}, and this is {kmcodec.__version__}"
            raise FileError(Exit.FAILED, address, shorten(fault, _MOST_LETTERS))


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep to itself what Dask logs, with tracebacks, of workers and connections that get lost."""
    loggers = [logging.getLogger(name) for name in _LOGGERS]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
