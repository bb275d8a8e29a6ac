"""Work for processes of tests, which import this: nothing large, so that they start soon."""

import os
import signal
import sys
from hashlib import pbkdf2_hmac
from pathlib import Path


def negate(batch):
    """Negate numbers."""
    return [-number for number in batch]


def end_process():
    """End this process as the system does that has no memory left."""
    if sys.platform == "win32":
        os._exit(9)
    os.kill(os.getpid(), signal.SIGKILL)


def die_at_13(batch):
    """Negate numbers, and lose the worker of each batch with a 13 in it."""
    if 13 in batch:
        end_process()
    return negate(batch)


def die_once(batch):
    """Negate numbers; lose the worker of each that a file is for, which is removed before."""
    for folder, number in batch:
        trap = Path(folder, str(number))
        if trap.exists():
            trap.unlink()
            end_process()
    return [-number for _, number in batch]


def give_what_cannot_be_pickled(batch):
    """Negate numbers but 13, whose result cannot be pickled."""
    return [(lambda: None) if number == 13 else -number for number in batch]


def die_always(_batch):
    """Lose every worker."""
    end_process()


def settings():
    """Return what a worker is told of threads, and what it does with an interrupt."""
    blocked = hasattr(signal, "pthread_sigmask") and signal.pthread_sigmask(signal.SIG_BLOCK, [])
    names = "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"
    ignored = signal.getsignal(signal.SIGINT) == signal.SIG_IGN
    return [*map(os.environ.get, names), ignored, bool(blocked)]


def compute_for_ever(_batch):
    """Tell that a batch has begun, and then be in one call of C, for minutes, without the lock."""
    os.write(1, b"begun\n")
    pbkdf2_hmac("sha256", b"", b"", 2**31 - 1)


def compute_with_the_lock(_batch):
    """Tell that a batch has begun, and then be in one call of C that lets no thread run."""
    os.write(1, b"begun\n")
    sum(range(10**15))
