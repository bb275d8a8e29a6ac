from numpy import uint8, uint16
from numpy.typing import NDArray

def pack_rows(
    indices: NDArray[uint8 | uint16], bits: int, packed: NDArray[uint8] | bytearray
) -> None: ...
def unpack_rows(
    packed: NDArray[uint8] | bytes,
    bits: int,
    color_count: int,
    indices: NDArray[uint8 | uint16],
) -> bool: ...
def look_up_rows(
    packed: NDArray[uint8] | bytes,
    bits: int,
    color_count: int,
    table: NDArray[uint8],
    channels: int,
    pixels: NDArray[uint8],
) -> bool: ...
def look_up_bytes(
    packed: NDArray[uint8] | bytes,
    table: NDArray[uint8],
    entry_bytes: int,
    faulty: NDArray[uint8],
    pixels: NDArray[uint8],
) -> bool: ...
