"""The records as JSON and back: what the log and the cache write. Nothing that is read is ever executed."""

from __future__ import annotations

import functools
import hashlib
import json
import math
from typing import TYPE_CHECKING, Any, TypeVar, cast

from sciopt.errors import LogError
from sciopt.objective import Estimate, Evaluation

if TYPE_CHECKING:
    from pydantic import TypeAdapter

T = TypeVar("T")


@functools.cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    from pydantic import TypeAdapter

    return TypeAdapter(kind)


def to_dict(record: object) -> dict[str, Any]:
    """A dataclass as plain JSON data; an infinite loss is None."""
    data: dict[str, Any] = _adapter(cast(Any, type(record))).dump_python(record, mode="json")
    if "loss" in data and not math.isfinite(data["loss"]):
        data["loss"] = None
    return data


def from_dict(kind: type[T], data: dict[str, Any]) -> T:
    """The inverse of `to_dict`; `LogError` names the field that does not fit."""
    from pydantic import ValidationError

    if data.get("loss", 0.0) is None:
        data = {**data, "loss": math.inf}
    try:
        record: T = _adapter(cast(Any, kind)).validate_python(data)
        return record
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or kind.__name__
        raise LogError(f"a stored {kind.__name__} cannot be read: {where}: {first['msg']}") from error


def volatile(record: Evaluation | Estimate) -> dict[str, Any]:
    """What differs between two equal runs: the time a result took."""
    cost = record.cost
    return {"cpu_seconds": round(cost.cpu_seconds, 3), "wall_seconds": round(cost.wall_seconds, 3)}


def without_cost(record: Evaluation | Estimate) -> dict[str, Any]:
    """What two equal runs share; artifacts by their address, since the cache holds them."""
    data = to_dict(record)
    data.pop("cost")
    if "artifacts" in data:
        data["artifacts"] = {name: digest(text) for name, text in data["artifacts"].items()}
    return data


def dumps(data: Any) -> str:
    """JSON in one canonical spelling: sorted keys, no spaces; `ValueError` for a number that is not finite."""
    text = json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.encode("utf-8", "backslashreplace").decode()  # half a surrogate pair has no UTF-8 but a JSON escape


def digest(data: Any) -> str:
    """A short content address: 32 hexadecimal digits of BLAKE2b over the canonical JSON."""
    return hashlib.blake2b(dumps(data).encode(), digest_size=16).hexdigest()
