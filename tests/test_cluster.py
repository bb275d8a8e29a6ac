"""Test a Dask cluster as an executor: scheduler and workers are processes here."""

import json
import os
import socket
import socketserver
import subprocess
import sys
import threading
import time
from concurrent.futures import as_completed, wait
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from helpers import photo
from PIL import Image

import kmcodec
from kmcodec.batch import cluster
from kmcodec.batch.cluster import connect
from kmcodec.cli import convert
from kmcodec.conversion.faults import FileError

pytestmark = pytest.mark.slow  # as it takes a Dask cluster


class Processes:
    """A scheduler and its workers, which end when nobody has asked for them for a minute."""

    def __init__(self, folder):
        self.folder = folder
        self.all = []
        self.place = ("127.0.0.1", port := unused_port())
        self.address = f"tcp://127.0.0.1:{port}"
        options = ["--host", "127.0.0.1", "--port", port, "--no-dashboard", "--idle-timeout", "60s"]
        self.scheduler = self._start("scheduler", *options)

    def is_ready(self):
        """Return whether the scheduler takes connections."""
        with suppress(OSError), socket.create_connection(self.place):
            return True
        return False

    def add_worker(self, *options, **variables):
        """Start a worker of one thread."""
        fixed = ["--nthreads", 1, "--no-dashboard", "--death-timeout", 60, "--host", "127.0.0.1"]
        return self._start("worker", self.address, *fixed, *options, **variables)

    def _start(self, name, *options, **variables):
        command = [sys.executable, "-m", "dask", name, *map(str, options)]
        with (self.folder / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                command, cwd=self.folder, stderr=log, stdout=log, env=os.environ | variables
            )
        self.all.append(process)
        return process

    def stop(self):
        """End all: what a nanny watches over ends with it."""
        for process in self.all:
            process.kill()
        for process in self.all:
            process.wait()


def unused_port():
    """Return a port of the system's choice."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


@pytest.fixture
def processes(tmp_path):
    """Start a scheduler, and stop all in the end."""
    found = Processes(tmp_path)
    try:
        wait_for(found.is_ready)
        yield found
    finally:
        found.stop()


@contextmanager
def answering(answer):
    """Serve the same bytes, or none, to whoever connects, and leave the connection open."""

    class Handler(socketserver.BaseRequestHandler):
        def handle(self):
            self.request.sendall(answer)
            while self.request.recv(1 << 16):
                pass

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield f"tcp://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def wait_for(condition):
    """Wait for what will be so soon."""
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.1)


def fault_of(address):
    """Return what is said of a cluster that is of no use."""
    with pytest.raises(FileError) as caught, connect(address):
        pass
    assert caught.value.name == address
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.slow
def test_all_results_arrive_though_a_worker_is_killed(processes):
    """What it was at is done by another; as many batches wait as there are workers for."""
    killed, _ = processes.add_worker("--no-nanny"), processes.add_worker("--no-nanny")
    pictures = [photo(48, 48, seed) for seed in range(30)]
    with connect(processes.address) as workers:
        wait_for(lambda: workers.in_flight() == 4)
        futures = [workers.submit(kmcodec.encode, pixels, 16) for pixels in pictures]
        next(as_completed(futures))
        killed.kill()

        results = [future.result(60) for future in futures]
        assert results == [kmcodec.encode(pixels, 16) for pixels in pictures]
        wait_for(lambda: workers.in_flight() == 2)

        assert workers.submit(os.fsencode, "name\udcff").result(60) == b"name\xff"
        assert isinstance(workers.submit(kmcodec.decode, b"?").exception(60), kmcodec.KmqError)
        first, again = (workers.submit(time.monotonic).result(60) for _ in range(2))
        assert first < again
        futures = [workers.submit(time.sleep, 60) for _ in range(3)]
        assert all(future.cancel() for future in futures)
        assert wait(futures, timeout=60).done == set(futures)
        workers.submit(time.sleep, 60)  # and is not waited for


def test_pictures_are_converted_though_a_worker_is_killed(processes, monkeypatch, capsys):
    """All outputs are those of one process, byte for byte, and each is told once."""
    monkeypatch.chdir(processes.folder)
    Path("in").mkdir()
    for seed in range(150):
        Image.fromarray(photo(24, 24, seed)).save(f"in/{seed:03}.png")
    assert convert.main(["-q", "-j", "1", "-r", "in", "--out-dir", "one"]) == 0
    killed, _ = processes.add_worker("--no-nanny"), processes.add_worker("--no-nanny")

    def kill_one():
        wait_for(lambda: len(list(Path("two").glob("*.kmq"))) >= 20)
        killed.kill()

    killer = threading.Thread(target=kill_one)
    killer.start()
    arguments = ["-r", "in", "--out-dir", "two", "--cluster", processes.address, "--json"]
    assert convert.main(arguments) == 0
    killer.join()

    shown = capsys.readouterr()
    assert "150 files: 150 converted" in shown.err
    assert len({json.loads(line)["output"] for line in shown.out.splitlines()}) == 150
    names = sorted(path.name for path in Path("two").iterdir())
    assert names == sorted(path.name for path in Path("one").iterdir())
    assert all(Path("one", name).read_bytes() == Path("two", name).read_bytes() for name in names)


@pytest.mark.slow
def test_work_that_kills_its_workers_is_given_up(processes):
    """Its future has an error, after a few workers, and the others go on."""
    processes.add_worker("--nanny")
    with connect(processes.address) as workers:
        killing = workers.submit(os._exit, 1)
        assert "KilledWorker" in type(killing.exception(120)).__name__

        # What waits at a worker beside it may be given up, too, and is done again by the engine.
        futures = [workers.submit(os.getpid) for _ in range(3)]
        assert all(future.result(60) for future in futures)


@pytest.mark.slow
def test_a_scheduler_that_is_lost_breaks_the_executor_quietly(processes):
    """What was submitted is cancelled, nothing more is taken, and no traceback is shown."""
    processes.add_worker("--no-nanny")
    script = """if True:
        import sys, time
        from concurrent.futures import BrokenExecutor, CancelledError
        from kmcodec.batch.cluster import connect

        with connect(sys.argv[1]) as workers:
            future = workers.submit(time.sleep, 100)
            print(flush=True)
            try:
                future.result(60)
            except CancelledError:
                pass
            try:
                workers.submit(time.sleep, 100)
            except BrokenExecutor as error:
                print(error)
            assert workers.in_flight() == 2
    """
    command = [sys.executable, "-P", "-c", script, processes.address]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.readline()
        processes.scheduler.kill()
        told, errors = process.communicate(timeout=60)

    assert (told.strip(), errors) == (b"the connection to the scheduler is lost", b"")


@pytest.mark.slow
def test_workers_have_this_kmcodec(processes, monkeypatch):
    """There is a line of a cluster without workers, or whose workers are of another version."""
    with monkeypatch.context() as patch:
        patch.setattr(cluster, "_SECONDS_TO_CONNECT", 2)
        assert "no Dask worker answers" in fault_of(processes.address)

    worker = processes.add_worker("--no-nanny")
    with monkeypatch.context() as patch:
        patch.setattr(kmcodec, "__version__", "9.9")
        fault = fault_of(processes.address)
    assert f"has kmcodec {kmcodec.__version__}, and this is 9.9" in fault
    worker.kill()

    folder = processes.folder / "kmcodec"
    folder.mkdir()
    (folder / "__init__.py").write_text("import none_of_this_name")
    processes.add_worker("--no-nanny", PYTHONPATH=str(processes.folder))
    wait_for(lambda: "has no kmcodec (No module named" in fault_of(processes.address))


@pytest.mark.parametrize(
    ("address", "fault"),
    [
        ("nowhere", "missing port number"),
        ("carrier-pigeon://loft", "unknown address scheme"),
        ("tls://127.0.0.1:1", "TLS"),
        ("tcp://127.0.0.1:1", "no Dask scheduler answers"),
    ],
)
def test_addresses_of_no_scheduler(address, fault, monkeypatch):
    """Each is told in one line, and soon."""
    monkeypatch.setattr(cluster, "_SECONDS_TO_CONNECT", 0.3)

    assert fault in fault_of(address)


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 400 Bad Request\r\n\r\n"])
def test_what_answers_but_is_no_scheduler(answer, monkeypatch):
    """Another server, such as that of Dask's own web pages, is not waited for."""
    monkeypatch.setattr(cluster, "_SECONDS_TO_CONNECT", 1)

    with answering(answer) as address:
        assert "no Dask scheduler answers" in fault_of(address)


def test_dask_is_missing(monkeypatch):
    """The line tells what to install."""
    monkeypatch.setitem(sys.modules, "distributed", None)

    assert fault_of("tcp://127.0.0.1:1").endswith("pip install 'kmcodec[cluster]'")
