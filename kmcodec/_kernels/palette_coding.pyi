from numpy import int32, uint8, uint16
from numpy.typing import NDArray

def encode_palette(
    palette: NDArray[uint8], order: NDArray[uint16], unused: NDArray[int32], payload: NDArray[uint8]
) -> int: ...
def decode_palette(
    payload: NDArray[uint8] | bytes,
    palette: NDArray[uint8],
    order: NDArray[uint16],
    unused: NDArray[int32],
) -> int: ...
