"""The forward passes of a measurement: each as asked for, over the pages of one window, all closed at the end."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from llmproc.checkpoints.synth import write_synthetic
from llmproc.engine.pages import pages_for
from llmproc.errors import CheckpointError
from llmproc.experiments.perplexity import opening
from llmproc.experiments.perplexity.opening import engine_options, opened
from llmproc.experiments.perplexity.precisions import Precision
from llmproc.experiments.perplexity.reader import ROWS


@pytest.fixture
def model(tmp_path: Path) -> Path:
    write_synthetic(tmp_path / "m.bin", "tiny", 1, "version 1")
    return tmp_path / "m.bin"


def test_options_name_the_type_only_where_it_differs_from_the_files(model: Path) -> None:
    own = engine_options(Precision(model, "f32", "f32"), 100, 2)
    other = engine_options(Precision(model, "q4", "f16"), 100, 2)
    assert (own.weights, own.kv_type, other.weights, other.kv_type) == (None, "f32", "q4", "f16")
    assert own.sequences == ROWS and own.context == 100 and own.threads == 2 and not own.c_order


def test_each_has_the_pages_of_one_window(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not of as many sequences as there are rows: those are one text's."""
    made = []
    real = opening.open_forward
    monkeypatch.setattr(opening, "open_forward", lambda *given: made.append(real(*given)) or made[-1])
    precisions = [Precision(model, "f32", "f32"), Precision(model, "f32", "f16")]
    seen: list[str] = []
    threads = threading.active_count()
    with opened(precisions, 100, 2, lambda done, count, what: seen.append(f"{done}/{count} {what}")) as found:
        assert [one.precision for one in found] == precisions and found[0].weight_bytes == found[1].weight_bytes > 0
        assert [forward.pages for forward in made] == [pages_for(100)] * 2
        assert [forward.options.kv_type for forward in made] == ["f32", "f16"]
        assert threading.active_count() == threads + 2, "a second rank each"
    assert threading.active_count() == threads
    assert seen == ["0/2 opening f32 weights, f32 KV", "1/2 opening f32 weights, f16 KV"]


def test_those_that_are_open_are_closed_when_one_cannot_be_opened(model: Path, tmp_path: Path) -> None:
    write_synthetic(tmp_path / "other.bin", "tiny", 2, "version 1")
    precisions = [Precision(model, "f32", "f32"), Precision(tmp_path / "other.bin", "f32", "f32")]

    def spoil(done: int, count: int, what: str) -> None:
        if done == 1:
            (tmp_path / "other.bin").write_bytes(b"no model at all")

    threads = threading.active_count()
    with pytest.raises(CheckpointError, match="other"), opened(precisions, 64, 2, spoil):
        pytest.fail("opened")
    assert threading.active_count() == threads
