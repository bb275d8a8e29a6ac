# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
# cython: initializedcheck=False, freethreading_compatible=True
"""Call ``costs.h`` with arrays: the decoder of coding modelled that tells what each pixel costs.

It is compiled apart from ``binding``, so that this decoder takes no time of that one.
"""

import cython
from cython.cimports.kmcodec.libkmq.costs import (
    KMQ_ABOVE,
    KMQ_BORDER,
    KMQ_MAX_CELLS,
    KMQ_MAX_COLORS,
    frames_memory,
    kmq_decode_costs,
    kmq_fill_tables,
)
from cython.cimports.libc.stdint import uint8_t

kmq_fill_tables()


def decode_costs(
    payload: cython.const[uint8_t][::1],  # IN
    colors: cython.int,  # IN 2..65536
    is_key: cython.bint,  # IN
    memory: uint8_t[::1],  # IN, OUT (binding.frames_memory,), aligned to 64, never moved
    costs: cython.float[:, ::1],  # OUT (rows, width)
) -> cython.int:
    """Decode the next frame of a band, and return ``OK`` or a fault."""
    rows: cython.Py_ssize_t = costs.shape[0]
    width: cython.Py_ssize_t = costs.shape[1]
    status: cython.int
    if not (
        2 <= colors <= KMQ_MAX_COLORS
        and 1 <= rows < KMQ_MAX_CELLS
        and width >= 1
        and (rows + KMQ_ABOVE) * (width + 2 * KMQ_BORDER) <= KMQ_MAX_CELLS
        and memory.shape[0] >= frames_memory(rows, width, colors)
        and cython.cast(cython.size_t, cython.address(memory[0])) % 64 == 0
    ):
        raise ValueError("sizes do not fit one another")
    with cython.nogil:
        status = kmq_decode_costs(
            cython.address(payload[0]),
            payload.shape[0],
            rows,
            width,
            colors,
            is_key,
            cython.address(memory[0]),
            cython.address(costs[0, 0]),
        )
    return status
