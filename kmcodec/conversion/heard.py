"""Collect the warnings of one conversion, while others run in other threads."""

import threading
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, Final


class _Heard(threading.local):
    messages: list[str] | None = None


_heard: Final = _Heard()
_lock: Final = threading.Lock()
_listening = ExitStack()
_listeners = 0


@contextmanager
def hear_warnings() -> Iterator[list[str]]:
    """Collect what is warned of in this thread, each message once, and show none of it.

    ``warnings.catch_warnings`` is for one thread at a time, so all that are in here share one.
    """
    before, _heard.messages = _heard.messages, []
    _enter()
    try:
        yield _heard.messages
    finally:
        _leave()
        _heard.messages = before


def _enter() -> None:
    global _listeners
    with _lock:
        _listeners += 1
        if _listeners > 1:
            return
        _listening.enter_context(warnings.catch_warnings())
        warnings.simplefilter("ignore")
        for category in (UserWarning, RuntimeWarning):
            warnings.simplefilter("always", category)
        shown = warnings.showwarning

    def show(message: Warning | str, *args: Any, **settings: Any) -> None:
        if _heard.messages is None:
            shown(message, *args, **settings)
        elif str(message) not in _heard.messages:
            _heard.messages.append(str(message))

    warnings.showwarning = show


def _leave() -> None:
    global _listeners
    with _lock:
        _listeners -= 1
        if not _listeners:
            _listening.close()
