"""Has the fuzzer watch some modules as they are imported, and no others: what is watched runs slower."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from types import CodeType, ModuleType

import atheris


class _WatchedLoader(SourceFileLoader):
    """Loads a module with the fuzzer's counters in its code."""

    def get_code(self, fullname: str) -> CodeType | None:
        code = super().get_code(fullname)
        if code is None:
            return None
        watched: CodeType = atheris.patch_code(code, True)
        return watched


class _WatchedFinder(MetaPathFinder):
    """Finds exactly the modules that it was told. The library's own takes whole packages."""

    def __init__(self, names: frozenset[str]) -> None:
        self._names = names

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname not in self._names:
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is not None and spec.origin is not None:
            spec.loader = _WatchedLoader(fullname, spec.origin)
        return spec


@contextmanager
def watching(names: Sequence[str]) -> Iterator[None]:
    """Watch these modules; what is imported already stays as it is."""
    already = sorted(set(names) & sys.modules.keys())
    assert not already, f"{already} were imported before the fuzzer could watch them"
    finder = _WatchedFinder(frozenset(names))
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
