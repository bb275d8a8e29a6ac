from numpy import int32, uint8, uint16
from numpy.typing import NDArray

def diffuse_errors(
    pixels: NDArray[uint8],
    diffused: int,
    strength: int,
    palette: NDArray[int32],
    order: NDArray[int32],
    cuts: NDArray[int32],
    errors: NDArray[int32],
    indices: NDArray[uint8 | uint16],
) -> None: ...
def order_dither(
    pixels: NDArray[uint8],
    dithered: int,
    strength: int,
    pattern: NDArray[int32],
    palette: NDArray[int32],
    order: NDArray[int32],
    cuts: NDArray[int32],
    indices: NDArray[uint8 | uint16],
) -> None: ...
