"""A fitted estimator of another library as bytes, and back, without pickle and without any type that was not foreseen.

The bytes are skops': a zip of one JSON tree and plain numpy arrays. skops itself trusts all of scikit-learn's estimators; here
each algorithm names the exact types that its file may hold, every node of the tree is compared with them before anything is
made, and what compiled code indexes into without asking (trees, search trees, support vectors) is checked afterwards.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Collection, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anomaly_detection.shared.errors import Conflict
from anomaly_detection.shared.optional import require

MEMBER = "estimator.skops"
"""Key of the bytes among an algorithm's arrays, and their member in a model file."""

_DATA = {
    "DictNode": {"builtins.dict"},
    "ListNode": {"builtins.list"},
    "TupleNode": {"builtins.tuple"},
    "JsonNode": {"builtins.str"},
    # Keys of a dict are marked with their type.
    "TypeNode": {"builtins.str", "builtins.int"},
    "NdArrayNode": {f"numpy.{name}" for name in ("ndarray", "float64", "float32", "int64", "int32", "bool")},
}
_OBJECTS = {"ObjectNode", "TreeNode", "LossNode", "RandomStateNode"}
_FAILURES = (
    ArithmeticError,
    AttributeError,
    EOFError,
    ImportError,
    LookupError,
    MemoryError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
    zipfile.BadZipFile,
)
"""What damaged bytes make the zip, JSON and array readers raise, and an estimator with parts of the wrong type."""
_SCHEMA = "schema.json"
_DEEPEST = 60


def dump_estimator(estimator: Any, types: Collection[str], name: str) -> NDArray[np.uint8]:
    """Return the estimator as bytes.

    Parameters
    ----------
    estimator : object
        Fitted.
    types : collection of str
        The full names of all types that it may consist of.
    name : str
        The algorithm, for messages.

    Raises
    ------
    Conflict
        It holds something else.
    """
    skops = require("skops.io", extra="sklearn")
    try:
        content: bytes = skops.dumps(estimator)
        foreign = _foreign(_tree(content), types)
    except (TypeError, ValueError, AttributeError, RecursionError) as error:
        raise _not_saved(name, str(error).partition("\n")[0]) from error
    if foreign:
        raise _not_saved(name, f"it holds {', '.join(foreign)}")
    return np.frombuffer(content, dtype=np.uint8)


def load_estimator(content: NDArray[Any], types: Collection[str], root: str) -> Any:
    """Return the estimator that the bytes hold.

    Parameters
    ----------
    content : array of uint8
        What `dump_estimator` returned.
    types : collection of str
        The full names of all types that it may consist of.
    root : str
        The type that it must be.

    Raises
    ------
    ValueError
        The bytes are damaged, or hold anything else.
    """
    if content.dtype != np.uint8 or content.ndim != 1:
        raise ValueError("the estimator is not stored as bytes")
    try:
        return _loaded(content.tobytes(), types, root)
    except _FAILURES as error:
        raise ValueError(f"the estimator cannot be made: {str(error).partition(chr(10))[0]}") from error


def _loaded(packed: bytes, types: Collection[str], root: str) -> Any:
    skops = require("skops.io", extra="sklearn")
    tree = _tree(packed)
    foreign = _foreign(tree, types)
    if foreign:
        raise ValueError(f"the estimator holds {foreign[0]}, which is not on this algorithm's list of types")
    if not isinstance(tree, dict) or f"{tree.get('__module__')}.{tree.get('__class__')}" != root:
        raise ValueError(f"the estimator is no {root}")
    made = skops.loads(packed, trusted=[*types, *sorted(set().union(*_DATA.values()))])
    for item in _objects(made):
        _check_indices(item)
    return made


def _tree(packed: bytes) -> Any:
    """Return the JSON tree of the bytes, in an archive without compression and with nothing else but arrays."""
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        for entry in archive.infolist():
            known = entry.filename == _SCHEMA or entry.filename.endswith(".npy")
            if not known or entry.compress_type != zipfile.ZIP_STORED:
                raise ValueError(f"the estimator's bytes hold {entry.filename!r}")
        if len(set(archive.namelist())) != len(archive.namelist()):
            raise ValueError("the estimator's bytes hold a member twice")
        return json.loads(archive.read(_SCHEMA))


def _foreign(tree: Any, types: Collection[str]) -> list[str]:
    """Return the types in the tree that are not foreseen."""
    return sorted({f"{name} ({loader})" for loader, name in _nodes(tree, 0) if not _foreseen(loader, name, types)})


def _foreseen(loader: str, name: str, types: Collection[str]) -> bool:
    return name in _DATA.get(loader, ()) or (loader in _OBJECTS and name in types)


def _nodes(part: Any, depth: int) -> Iterator[tuple[str, str]]:
    if depth > _DEEPEST:
        raise ValueError("the estimator's tree is too deep")
    if isinstance(part, dict):
        # Not only where a loader stands: whatever names a class counts.
        if {"__loader__", "__class__", "__module__"} & part.keys():
            yield str(part.get("__loader__")), f"{part.get('__module__')}.{part.get('__class__')}"
        for value in part.values():
            yield from _nodes(value, depth + 1)
    elif isinstance(part, list):
        for value in part:
            yield from _nodes(value, depth + 1)


def _objects(root: Any) -> Iterator[Any]:
    """Yield every object that the estimator consists of, once."""
    seen: set[int] = set()
    waiting = [root]
    while waiting:
        item = waiting.pop()
        if id(item) in seen or isinstance(item, str | int | float | bool | None):
            continue
        seen.add(id(item))
        yield item
        if isinstance(item, dict):
            waiting.extend(item.values())
        elif isinstance(item, list | tuple | set):
            waiting.extend(item)
        elif isinstance(item, np.ndarray):
            waiting.extend(item.ravel().tolist() if item.dtype == object else ())
        else:
            waiting.extend(vars(item).values() if hasattr(item, "__dict__") else ())


def _check_indices(item: Any) -> None:
    """Refuse what would make compiled code read beyond its arrays."""
    check = _CHECKS.get(type(item).__name__)
    if check is not None and type(item).__module__.startswith("sklearn.") and not check(item):
        raise ValueError(f"the estimator's {type(item).__name__} points outside of itself")


def _sound_tree(tree: Any) -> bool:
    nodes = tree.__getstate__()["nodes"]
    at, left, right = np.arange(len(nodes)), nodes["left_child"], nodes["right_child"]
    leaf = left == -1
    inner_left, inner_right, inner = left[~leaf], right[~leaf], at[~leaf]
    # Children come after their parent, so that no walk down can go round.
    below = (inner_left > inner) & (inner_right > inner) & (inner_left < len(nodes)) & (inner_right < len(nodes))
    features = nodes["feature"][~leaf]
    counted = tree.node_count == len(nodes) and len(tree.value) == len(nodes) and len(nodes) > 0
    return bool(counted and below.all() and ((features >= 0) & (features < tree.n_features)).all())


def _sound_search(tree: Any) -> bool:
    data, index, nodes, bounds, _, _, count, *_ = tree.__getstate__()
    rows, width = data.shape
    start, end, leaf = nodes["idx_start"], nodes["idx_end"], nodes["is_leaf"].astype(bool)
    sides = 2 if type(tree).__name__ == "KDTree" else 1
    shapes = count == len(nodes) > 0 and index.shape == (rows,) and bounds.shape == (sides, len(nodes), width)
    inside = ((start >= 0) & (start <= end) & (end <= rows)).all() and ((index >= 0) & (index < rows)).all()
    children = 2 * np.flatnonzero(~leaf) + 2
    return bool(shapes and inside and (children < len(nodes)).all() and rows > 0)


def _sound_support(machine: Any) -> bool:
    held = vars(machine)
    vectors, count = held["support_vectors_"], held["_n_support"]
    shapes = vectors.ndim == 2 and held["support_"].shape == (len(vectors),) and count.shape == (2,)
    sums = held["_dual_coef_"].shape == held["dual_coef_"].shape == (1, len(vectors))
    plain = held["kernel"] in {"rbf", "linear", "poly", "sigmoid"} and held["_sparse"] is False
    sums = sums and held["_intercept_"].shape == (1,)
    return bool(shapes and sums and plain and (count >= 0).all() and count[0] == len(vectors))


_CHECKS: dict[str, Callable[[Any], bool]] = {
    "Tree": _sound_tree,
    "KDTree": _sound_search,
    "BallTree": _sound_search,
    "OneClassSVM": _sound_support,
}


def _not_saved(name: str, reason: str) -> Conflict:
    return Conflict(
        f"This {name} cannot be saved: {reason}.",
        code="detection.model_not_saveable",
        hint="A model file holds only types that are listed for the algorithm; for one of your own, name them in "
        "register_adapter(..., saved_types=[...]). Or fit again where the model is needed.",
    )
