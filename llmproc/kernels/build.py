"""Gets every entry from the cache, or has it compiled: one writer, others wait, what is damaged is compiled once more.

    shared lock       all there? -> read
    exclusive lock    all there by now? -> read; else compile what is missing, add it
    link              fails -> compile all once more, link; fails again -> Numba in this process

Used by `kernels.load`. Where files lie is the affair of `cache`, what they contain of `store`, how they are made of
`compilers`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from llmproc.kernels import cache, calls, compilers, entries, store
from llmproc.kernels.linking import LinkError, link

Progress = Callable[[int, int, str], None]


class _LoadCount:
    """A record of what this process, or the one it was forked from, has done so far."""

    compiled = 0  # object files
    fallback = ""  # why Numba compiles in this process


def cache_misses() -> int:
    """Object files that had to be compiled because the cache had none."""
    return _LoadCount.compiled


def fallback_reason() -> str:
    """Return why object files could not be used, so that Numba compiled in this process; empty when they could."""
    return _LoadCount.fallback


def load(variants: set[str], progress: Progress | None = None) -> None:
    """Make the entries of these variants callable (`calls`). Costs nothing for those that are.

    `progress(done, total, name)` is called when an entry is there, and once at the end with `done == total`. StartError
    when the compiler dies.
    """
    wanted = [entry.name for entry in entries.wanted(variants) if not calls.there(entry.name)]
    if not wanted:
        return
    tell = progress or (lambda done, total, name: None)
    try:
        functions = _link_or_compile_again(wanted, tell)
    except LinkError as error:
        from llmproc.kernels.in_process import compile_here

        _LoadCount.fallback = str(error)
        tell(0, len(wanted), f"compiled code cannot be used ({error}): Numba compiles in this process")
        functions = compile_here(wanted)
    calls.install(functions)
    tell(len(wanted), len(wanted), "done")


def _link_or_compile_again(wanted: list[str], tell: Progress) -> dict[str, Callable[..., Any]]:
    objects, compiled = _objects(wanted, tell)
    try:
        return link(objects)
    except LinkError:
        if compiled == set(wanted):
            raise
    with suppress(OSError), cache.locked(cache.directory(), exclusive=True):
        cache.wipe(cache.directory())  # sealed, and of no use: all of it is made once more
    return link(_objects(wanted, tell)[0])


def _objects(wanted: list[str], tell: Progress) -> tuple[dict[str, bytes], set[str]]:
    """Return the object files of these entries, and the names of those that were compiled now."""
    made: dict[str, bytes] = {}
    directory = cache.directory()
    try:
        with cache.locked(directory, exclusive=False):
            found = store.read(directory, wanted)
        if len(found) < len(wanted):
            with cache.locked(directory, exclusive=True):
                found = store.read(directory, wanted)  # another process may have compiled while this one waited
                made = dict(_compile([name for name in wanted if name not in found], tell))
                store.add(directory, made)
                cache.prune(directory)
        cache.touch(directory)
        return found | made, set(made)
    except OSError as error:  # a cache that cannot be kept (disk full, read-only by now) must not stop the program
        tell(0, len(wanted), f"the kernel cache cannot be used: {error.strerror}")
    made |= _compile([name for name in wanted if name not in made], tell)
    return made, set(made)


def _compile(missing: list[str], tell: Progress) -> Iterator[tuple[str, bytes]]:
    if not missing:
        return
    _LoadCount.compiled += len(missing)
    tell(0, len(missing), missing[0])
    for done, (name, code) in enumerate(compilers.compile_objects(missing), 1):
        yield name, code
        if done < len(missing):
            tell(done, len(missing), name)


def variants(directory: Path) -> set[str]:
    """Return the variants whose entries are all in a folder of the cache, whole."""
    found = store.read(directory, store.names(directory))
    known = {entry.variant for entry in entries.ENTRIES.values()}
    return {variant for variant in known if all(entry.name in found for entry in entries.wanted({variant}))}
