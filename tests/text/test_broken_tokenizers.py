"""Files of tokenizer.json in which one thing breaks a rule: a typed error of one line or a tokenizer that works.

Every value of the tree may be taken away, doubled, or replaced by one at which readers go wrong; texts are encoded and
decoded where the file is taken. What the process holds at its peak is bounded, the memory of the library included.
"""

from __future__ import annotations

import copy
import json
import random
from pathlib import Path
from typing import Any

import pytest
from text.small_vocabularies import ROWS, added, sentencepiece_json, template_processing, tokenizer_json
from text.test_hostile_vocabularies import small_file, use

from llmproc.errors import TokenizerError
from llmproc.text.tokenizers.folder import load_folder_tokenizer

MOST_MEMORY = 64 << 20  # bytes at the peak beside what was held before
DEEP: Any = json.loads("[" * 200 + "]" * 200)
ODD: tuple[Any, ...] = (
    None, True, -1, 0, 1, 1999, 2000, 1 << 31, 1 << 63, 1 << 70, 1e308, 0.5, "", "a", "\n\x1b[31m\u202e", "\ud800",
    "é" * 3000, [], [[]], {}, {"type": "Sequence"}, {"type": "NFKC"}, {"type": "ByteLevel"}, DEEP,
)  # fmt: skip


def peak_reset() -> int:
    """Let the kernel count the peak from now on; what is held now, in bytes."""
    Path("/proc/self/clear_refs").write_text("5")
    return held("VmRSS")


def held(field: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{field}:")) << 10


def whole_files() -> list[Any]:
    """Files that are right, few pieces in them, with every kind of step."""
    names = [added(1500, "<one>"), added(1501, "<two>", lstrip=True)]
    steps = {"type": "Sequence", "normalizers": [{"type": "NFC"}, {"type": "Prepend", "prepend": "b"}]}
    kinds = (
        tokenizer_json("llama-bpe", added_tokens=[], post_processor=template_processing("<s>", 3), normalizer=steps),
        tokenizer_json("qwen2", added_tokens=[]),
        sentencepiece_json(),
        sentencepiece_json("first"),
    )
    files = [json.loads(small_file(kind)) for kind in kinds]
    for file in files[:2]:
        file["added_tokens"] = [{**token, "id": len(file["model"]["vocab"]) + n} for n, token in enumerate(names)]
    return files


def places(node: Any) -> list[tuple[Any, Any]]:
    """Every (container, key) of a tree; of long ones some alone, so that each kind of place comes up."""
    keys = list(node) if isinstance(node, dict) else list(range(len(node)))
    found = [(node, key) for key in keys[:20]]
    for _, key in found.copy():
        if isinstance(node[key], (dict, list)):
            found += places(node[key])
    return found


def broken(draw: random.Random, files: list[Any]) -> bytes:
    """One of the files with one place (or two) changed."""
    file = copy.deepcopy(draw.choice(files))
    for _ in range(draw.choice((1, 1, 2))):
        container, key = draw.choice(places(file))
        how = draw.randrange(4)
        if how == 0:
            del container[key]
        elif how == 1 and isinstance(container, list):
            container.insert(draw.randrange(len(container) + 1), copy.deepcopy(container[key]))
        elif how == 2:
            other, from_there = draw.choice(places(file))
            container[key] = copy.deepcopy(other[from_there])
        else:
            container[key] = copy.deepcopy(draw.choice(ODD))
    return json.dumps(file).encode()


def break_many(folder: Path, seed: int, count: int) -> None:
    draw, files, path = random.Random(seed), whole_files(), folder / "tokenizer.json"
    refused = 0
    for file in files:
        path.write_text(json.dumps(file))
        use(load_folder_tokenizer(folder, ROWS))
    before = peak_reset()
    tried = 0
    while refused < count:
        tried += 1
        assert tried < 6 * count, "most changes must break a rule"
        data = broken(draw, files)
        path.write_bytes(data)
        try:
            tokenizer = load_folder_tokenizer(folder, ROWS)
        except TokenizerError as error:
            refused += 1
            assert str(error).isprintable() and len(str(error)) < 600, data
        else:
            use(tokenizer)
    assert held("VmHWM") - before < MOST_MEMORY
    assert refused < tried, "some changes break nothing"


def test_sixty_files_that_break_a_rule(tmp_path: Path) -> None:
    break_many(tmp_path, seed=1, count=60)


@pytest.mark.soak
def test_500_files_that_break_a_rule(tmp_path: Path) -> None:
    break_many(tmp_path, seed=2, count=500)


def test_the_peak_is_seen() -> None:
    before = peak_reset()
    bytearray(MOST_MEMORY * 2)[::4096] = b"x" * (MOST_MEMORY // 2048)
    assert held("VmHWM") - before > MOST_MEMORY
