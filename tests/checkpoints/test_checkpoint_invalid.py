"""Every file that breaks a rule is refused in one line that names file, field and rule, with exit code 4."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from checkpoints.invalid_checkpoints import CASES, LAYOUTS, LIMITS, valid

from llmproc.checkpoints.llama2c.header import RANGES, read_header
from llmproc.checkpoints.model_file import open_model
from llmproc.errors import CheckpointError


def test_the_table_is_large_and_its_names_are_unique() -> None:
    names = [name for name, _, _ in CASES]
    assert len(names) >= 110
    assert len(set(names)) == len(names)
    contents = [build() for _, build, _ in CASES]
    assert len(set(contents)) == len(contents), "two cases are the same file"


def test_the_table_knows_the_ranges() -> None:
    assert LIMITS == RANGES


@pytest.mark.parametrize(("build", "words"), [pytest.param(b, w, id=n) for n, b, w in CASES])
def test_refused_by_name(tmp_path: Path, build: Callable[[], bytes], words: tuple[str, ...]) -> None:
    path = tmp_path / "broken.bin"
    path.write_bytes(build())
    with pytest.raises(CheckpointError) as caught:
        open_model(path).load()
    message = str(caught.value)
    assert caught.value.exit_code == 4
    assert message.startswith(f"{path}: ")
    assert message.isprintable(), "the message must be one printable line"
    for word in words:
        assert word in message
    assert words[0].startswith(caught.value.field) or caught.value.field.startswith(words[0])


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("shared", [0, 1])
def test_the_file_all_cases_start_from_is_valid(tmp_path: Path, layout: str, shared: int) -> None:
    path = tmp_path / "good.bin"
    path.write_bytes(valid(layout, shared=shared))
    header = open_model(path)
    weights = header.load().weights
    assert header.version == layout
    assert (weights.classifier is weights.embedding) == bool(shared)


def test_limits_themselves_are_lawful(tmp_path: Path) -> None:
    """A field at either end of its range is accepted, as far as a small file can show."""
    for layout in LAYOUTS:
        for changes in (
            {"n_layers": 1024, "hidden_dim": 4},
            {"vocab_size": 2},
            {"seq_len": 1},
            {"dim": 4, "n_heads": 1, "n_kv_heads": 1},
            {"n_heads": 4, "n_kv_heads": 4},
            {"hidden_dim": 262144, "n_layers": 1, "dim": 4, "n_heads": 2} if layout == "version 2" else {},
            {"seq_len": 1 << 20} if layout != "legacy" else {},
            {"dim": 2, "n_heads": 1, "hidden_dim": 1} if layout != "version 2" else {},
        ):
            path = tmp_path / "edge.bin"
            path.write_bytes(valid(layout, **changes) if "hidden_dim" not in changes else _zero(layout, changes))
            description = read_header(path).description
            for field, value in changes.items():
                assert getattr(description, field) == value


def _zero(layout: str, changes: dict[str, int]) -> bytes:
    """A lawful header with a body of zeros (quicker than numbers, where only the header is read)."""
    from checkpoints.invalid_checkpoints import header, tensors

    size = sum(v + 4 * s if s >= 0 else 4 * v for _, v, s in tensors(layout, **changes))
    return header(layout, **changes) + bytes(size)
