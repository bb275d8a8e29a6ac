from numpy import int16, uint8, uint16, uint32
from numpy.typing import NDArray

def line_slots(log_lines: int, bits: int) -> int: ...
def weight_count(bits: int) -> int: ...
def encode_plane(
    plane: NDArray[uint16],
    color_count: int,
    graphics: bool,
    lines: NDArray[int16],
    weights: NDArray[int16],
    places: NDArray[uint32],
    log_lines: int,
    log_places: int,
    payload: NDArray[uint8],
) -> int: ...
def decode_plane(
    payload: NDArray[uint8] | bytes,
    color_count: int,
    lines: NDArray[int16],
    weights: NDArray[int16],
    places: NDArray[uint32],
    log_lines: int,
    log_places: int,
    plane: NDArray[uint16],
) -> bool: ...
