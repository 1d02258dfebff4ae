"""Objects on their way to other processes: pickled once, and opened once in each process, where they stay warm.

A task that is sent away names what it needs by the address of its content. So a worker has one objective with its warm
docking children for all tasks of a run, and for the next run with the same objective, instead of one for each task.
"""

from __future__ import annotations

import functools
import hashlib
import pickle
import threading
from collections import Counter, OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from importlib import import_module
from typing import Any, Generic, TypeVar

from sciopt.errors import InvalidInput

T = TypeVar("T")

KEPT = 3
"""So many objects of each class stay open in a process while nobody uses them; what they hold (docking children with
their maps, dose matrices) is a gigabyte or so each."""


class Parcel(Generic[T]):
    """One object, for calls that may run in this process or in another.

    In this process it is the object itself. What is sent is its content, which is pickled once; a process that
    receives it opens it once, however many parcels with this content arrive. An object with a method `close` is closed
    when it makes place for others.
    """

    def __init__(self, item: T) -> None:
        self._items: tuple[T, ...] = (item,)

    @functools.cached_property
    def content(self) -> bytes:
        """The pickled object; `InvalidInput` for one that cannot be pickled."""
        (item,) = self._items
        try:
            return _dumps(item)
        except (pickle.PicklingError, AttributeError, TypeError) as error:
            raise InvalidInput(
                f"{type(item).__name__} cannot be sent to other processes ({error}): "
                "define its class in a module, and keep locks, files and lambdas out of its state; or use threads"
            ) from error

    @functools.cached_property
    def address(self) -> str:
        """32 hexadecimal digits of BLAKE2b over the content."""
        return hashlib.blake2b(self.content, digest_size=16).hexdigest()

    def __reduce__(self) -> tuple[Any, ...]:
        return _received, (self.address, self.content)

    @contextmanager
    def opened(self) -> Iterator[T]:
        """The object, for one call."""
        if self._items:
            yield self._items[0]
            return
        with _SHELF.use(self) as item:
            yield item


def _received(address: str, content: bytes) -> Parcel[Any]:
    parcel: Parcel[Any] = Parcel.__new__(Parcel)
    parcel.__dict__.update(_items=(), address=address, content=content)
    return parcel


def _dumps(item: object) -> bytes:
    """Pickled with what a script defines itself, where cloudpickle (it comes with Dask) is there."""
    try:
        content: bytes = import_module("cloudpickle").dumps(item)
    except ModuleNotFoundError:
        return pickle.dumps(item, protocol=pickle.HIGHEST_PROTOCOL)
    return content


_OWNER: ContextVar[str] = ContextVar("sciopt_parcels_owner", default="")


@contextmanager
def calling_for(owner: str) -> Iterator[None]:
    """While this lasts, parcels are opened in the name of `owner`, whose calls `stop` can end."""
    token = _OWNER.set(owner)
    try:
        yield
    finally:
        _OWNER.reset(token)


class _Entry:
    """An open object, and how many calls each owner has in it."""

    def __init__(self, item: Any) -> None:
        self.item = item
        self.users: Counter[str] = Counter()

    def close(self) -> None:
        if hasattr(self.item, "close"):
            self.item.close()


class Shelf:
    """The open objects of a process by address; the one used longest ago makes place first, never one in use."""

    def __init__(self, kept: int = KEPT) -> None:
        self._kept = kept
        self._lock = threading.Lock()
        self._entries: OrderedDict[str, _Entry] = OrderedDict()

    def __len__(self) -> int:
        return len(self._entries)

    @contextmanager
    def use(self, parcel: Parcel[T]) -> Iterator[T]:
        """The object of a parcel that was received."""
        with self._lock:  # also while it is opened: two calls must not open it twice
            entry = self._entries.get(parcel.address)
            if entry is None:
                item = pickle.loads(parcel.content)  # noqa: S301 (sent by the client that this process works for)
                entry = self._entries[parcel.address] = _Entry(item)
            self._entries.move_to_end(parcel.address)
            owner = _OWNER.get()
            entry.users[owner] += 1
            leaving = self._surplus(type(entry.item))
        for each in leaving:
            each.close()
        try:
            yield entry.item
        finally:
            with self._lock:
                entry.users[owner] -= 1

    def _surplus(self, kind: type) -> list[_Entry]:
        """What has to leave, taken off the shelf."""
        same = [address for address, entry in self._entries.items() if type(entry.item) is kind]
        idle = [address for address in same if not any(self._entries[address].users.values())]
        return [self._entries.pop(address) for address in idle[: max(0, len(same) - self._kept)]]

    def stop(self, owner: str) -> None:
        """End the calls of one owner, by closing what is in use for nobody else."""
        with self._lock:
            busy = [entry for entry in self._entries.values() if +entry.users]
            mine = [entry for entry in busy if set(+entry.users) == {owner}]
        for entry in mine:
            entry.close()


_SHELF = Shelf()


def stop(owner: str) -> None:
    """End what this process does for one owner, as far as its objects can be closed while they are used."""
    _SHELF.stop(owner)
