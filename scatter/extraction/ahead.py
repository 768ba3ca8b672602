"""Run an iterator in a thread of its own, a few elements ahead of whoever takes them."""

from __future__ import annotations

import queue
import threading
from collections.abc import Generator, Iterator
from typing import Any, TypeVar

from scatter.errors import ScatterError

T = TypeVar("T")


def ahead(items: Iterator[T], depth: int) -> Generator[T]:
    """Yield what an iterator yields, which runs ahead by at most ``depth`` elements.

    An exception of the iterator is raised here. Closing the generator ends the thread at its next element.

    Parameters
    ----------
    items : iterator
        Used by the thread alone.
    depth : int
        Most elements to hold.

    Yields
    ------
    object
        Each element, in order.

    Examples
    --------
    >>> list(ahead(iter("abc"), 2))
    ['a', 'b', 'c']
    """
    places: queue.Queue[tuple[bool, Any]] = queue.Queue(depth)
    stop = threading.Event()
    thread = threading.Thread(target=_fill, args=(items, places, stop), name="ahead", daemon=True)
    thread.start()
    try:
        while True:
            try:
                more, item = places.get(timeout=1)
            except queue.Empty:
                # A thread may die before it can say so, where memory is short.
                if thread.is_alive() or not places.empty():
                    continue
                raise ScatterError("the thread that reads ahead died; free some memory") from None
            if not more:
                if item is not None:
                    raise item
                return
            yield item
    finally:
        stop.set()
        thread.join()


def _fill(items: Iterator[Any], places: queue.Queue[tuple[bool, Any]], stop: threading.Event) -> None:
    end: BaseException | None = None
    try:
        for item in items:
            if not _put(places, (True, item), stop):
                return
    except BaseException as error:
        end = error
    finally:
        if isinstance(items, Generator):
            # In this thread, where it ran.
            items.close()
    _put(places, (False, end), stop)


def _put(places: queue.Queue[tuple[bool, Any]], item: tuple[bool, Any], stop: threading.Event) -> bool:
    # Woken now and then, to see whether anyone still wants it.
    while not stop.is_set():
        try:
            places.put(item, timeout=0.1)
            return True
        except queue.Full:
            continue
    return False
