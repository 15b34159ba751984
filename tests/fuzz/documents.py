"""Changes a JSON document as a document: what the fuzzer does to its bytes is seldom JSON any more."""

import json
from random import Random

from protocol.documents import Json
from tests.fuzz.target import Mutate

_ODD: tuple[Json, ...] = (
    None, True, False, 0, 1, -1, 2**53, 2**53 + 1, 2**64, -(2**63), 10**15, 10**400, 0.5, -0.0, 1e308,
    float("nan"), float("inf"), "", "0", "A", "\ud800", "\udcff", "\x00", "\u202e", "🛟", "x" * 501, [], {},
    [{}], [[]], {"": ""}, {"\ud800": 1},
)  # fmt: skip
"""Values that are well formed and seldom thought of."""


def changed_document(data: bytes, mutate: Mutate, random: Random) -> bytes:
    """Change one place of a document; bytes that are none are changed as they are."""
    try:
        document: Json = json.loads(data)
    except (ValueError, RecursionError):
        return mutate(data)
    changed = _changed(document, mutate, random)
    return json.dumps(changed, ensure_ascii=bool(random.getrandbits(1))).encode("utf-8", "surrogatepass")


def _changed(value: Json, mutate: Mutate, random: Random) -> Json:
    # Mostly go on inwards; where there is no further inward, change what is there.
    if isinstance(value, dict) and value and random.random() < 0.9:
        return _changed_object(value, mutate, random)
    if isinstance(value, list) and value and random.random() < 0.9:
        at = random.randrange(len(value))
        if random.random() < 0.2:
            return value + value[at:]
        return [*value[:at], _changed(value[at], mutate, random), *value[at + 1 :]]
    if isinstance(value, str) and random.random() < 0.6:
        return mutate(value.encode("utf-8", "surrogatepass")).decode("utf-8", "surrogateescape")
    if isinstance(value, int) and random.random() < 0.5:
        return value + random.choice((-1, 1, 255, -256, 2**32))
    return random.choice(_ODD)


def _changed_object(value: dict[str, Json], mutate: Mutate, random: Random) -> Json:
    key = random.choice(list(value))
    kind = random.random()
    if kind < 0.1:
        return {name: held for name, held in value.items() if name != key}
    if kind < 0.2:
        renamed = mutate(key.encode("utf-8", "surrogatepass")).decode("utf-8", "surrogateescape")
        return value | {renamed: random.choice(_ODD)}
    if kind < 0.3:
        return value | {key: value[random.choice(list(value))]}
    return value | {key: _changed(value[key], mutate, random)}
