"""One release of kmcodec in a process of its own, for a bench that compares releases.

It needs that release and NumPy alone. A request is a pickled method of ``Coder`` with its
arguments on standard input, a reply what it returned, pickled, on standard output.
"""

import pickle
import platform
import sys
import time
from collections.abc import Callable
from importlib import metadata
from typing import BinaryIO

import numpy as np

import kmcodec


def cpu_seconds(call: Callable[[], object]) -> float:
    """Measure the processor time of this thread."""
    start = time.thread_time()
    call()
    return time.thread_time() - start


class Coder:
    """Codes one picture after the other in one thread."""

    def versions(self) -> dict[str, str]:
        """Tell what codes here."""
        return {
            "kmcodec": metadata.version("kmcodec"),
            "numpy": metadata.version("numpy"),
            "python": platform.python_version(),
        }

    def take(self, palette: np.ndarray, indices: np.ndarray) -> int:
        """Turn to a picture, which must decode to its pixels, and tell its bytes."""
        self.palette, self.indices = palette, indices
        self.data = kmcodec.encode_indexed(palette, indices, threads=1)
        if not np.array_equal(kmcodec.decode(self.data, threads=1), palette[indices]):
            sys.exit("a picture does not decode to its pixels")
        return len(self.data)

    def encode(self) -> float:
        """Measure the seconds to encode it."""
        return cpu_seconds(lambda: kmcodec.encode_indexed(self.palette, self.indices, threads=1))

    def decode(self) -> float:
        """Measure the seconds to decode it."""
        return cpu_seconds(lambda: kmcodec.decode(self.data, threads=1))


def serve(requests: BinaryIO, replies: BinaryIO) -> None:
    """Answer until there are no more requests."""
    coder = Coder()
    while True:
        try:
            name, arguments = pickle.load(requests)
        except EOFError:
            return
        pickle.dump(getattr(coder, name)(*arguments), replies)
        replies.flush()


if __name__ == "__main__":
    serve(sys.stdin.buffer, sys.stdout.buffer)
