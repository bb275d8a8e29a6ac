"""Check values of the caller's, and tell the name of one that cannot be used."""

import operator
from typing import Any

import numpy as np
from numpy.typing import NDArray


def check_integer(name: str, value: Any, low: int | None = None, high: int | None = None) -> int:
    """Check a number of the caller's, of any integer type, and return it.

    Raises:
        TypeError, ValueError: it is no integer, or out of range; the message tells the name.
    """
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise TypeError(f"{name} is {value!r}, must be an integer")
    number = operator.index(value)
    if (low is not None and number < low) or (high is not None and number > high):
        wanted = f"at least {low}" if high is None else f"from {low} to {high}"
        raise ValueError(f"{name} is {number}, must be {wanted}")
    return number


def check_function(name: str, value: Any) -> None:
    """Refuse what is neither a function nor None.

    Raises:
        TypeError: the name is told.
    """
    if value is not None and not callable(value):
        raise TypeError(f"{name} is {value!r}, must be a function")


def read_array(name: str, given: Any) -> NDArray[Any]:
    """Return what the caller has as an array.

    Raises:
        ValueError: it is a list of rows that are not equally long; the name is told.
    """
    try:
        return np.asarray(given)
    except ValueError:
        raise ValueError(f"{name} has rows of several lengths") from None
