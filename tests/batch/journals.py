"""Lines and journals that tests of the .part file share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from llmproc.batch.journal import Journal, open_journal
from llmproc.batch.provenance import Provenance

ORIGIN = Provenance(
    input="aa", format="text", model="sha256:m", tokenizer="t", template="chatml", weights="as stored", kv_type="f16",
    context=512, instructions="avx2", temperature=0.6, top_p=0.9, max_tokens=512, seed=42, system=None,
)  # fmt: skip


def line(index: int, status: str = "ok", text: str = "") -> bytes:
    """A result as the writer makes it."""
    fields = {
        "id": index,
        "index": index,
        "status": status,
        "text": text or f"answer {index} é",
        "key": f"{index:016x}",
    }
    return msgspec.json.encode(fields) + b"\n"


@contextmanager
def opened(path: Path, provenance: Provenance = ORIGIN, **settings: Any) -> Iterator[Journal]:
    journal = open_journal(path, provenance, **{"resume": False, "force": False, **settings})
    try:
        yield journal
    finally:
        journal.close()
