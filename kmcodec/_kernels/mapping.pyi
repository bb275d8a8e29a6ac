from numpy import float64, int32, intp, uint8, uint16, uint64
from numpy.typing import NDArray

def assign_nearest(
    codes: NDArray[uint64],
    points: NDArray[uint16],
    masks: NDArray[uint16],
    centroids: NDArray[float64],
    candidates: NDArray[int32],
    ranges: NDArray[intp],
    labels: NDArray[int32],
) -> None: ...
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
