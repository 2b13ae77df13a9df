"""A whole measurement on a small float32 model: which settings, what the document holds, and an early end."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from text.invalid_tokenizers import SIDECAR, valid

from llmproc.checkpoints.model_file import open_model
from llmproc.checkpoints.synth import write_synthetic
from llmproc.errors import LlmprocError, UsageError
from llmproc.experiments.perplexity import opening
from llmproc.experiments.perplexity.figures import ScoreSums, perplexity_of, total
from llmproc.experiments.perplexity.measurement import measure, read_all, window_size
from llmproc.experiments.perplexity.opening import OpenPrecision
from llmproc.experiments.perplexity.options import PerplexityOptions
from llmproc.experiments.perplexity.precisions import Precision, loadable, measured_precisions, reference_of
from llmproc.experiments.perplexity.windows import TextWindow, windows_of
from llmproc.hardware.memory import MemoryBudget

TEXT = (
    "What is a pipe? A pipe is a way for two processes to talk; bytes go in at one end and come out at the other. " * 4
)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a float32 and an int8 model of 512 tokens, a tokenizer, and a text."""
    folder = tmp_path_factory.mktemp("perplexity")
    (folder / "tokenizer.bin").write_bytes(valid(512))
    (folder / "tokenizer.meta.json").write_text(SIDECAR)
    (folder / "text.txt").write_text(TEXT)
    write_synthetic(folder / "f32.bin", "tiny", 1, "version 1")
    write_synthetic(folder / "int8.bin", "tiny", 1)
    return folder


def options(place: Path, **changes: Any) -> PerplexityOptions:
    found = PerplexityOptions(
        model=place / "f32.bin",
        tokenizer=place / "tokenizer.bin",
        text=place / "text.txt",
        against=None,
        weights=(),
        kv_types=("f16", "f32"),
        context=32,
        chunks=None,
        threads=1,
        json=None,
        run_dir=None,
    )
    return dataclasses.replace(found, **changes)


def quiet(done: int, count: int, what: str) -> None:
    pass


def never() -> bool:
    return False


@pytest.fixture(scope="module")
def result(place: Path) -> dict[str, Any]:
    return measure(options(place), "llmproc perplexity f32.bin text.txt", quiet, never)


def test_every_type_of_weights_and_keys_is_measured_the_reference_first(result: dict[str, Any]) -> None:
    found = [(setting["weights"], setting["kv_type"], setting["reference"]) for setting in result["settings"]]
    assert found[0] == ("f32", "f32", True)
    assert [(weights, kv_type) for weights, kv_type, _ in found] == [
        (weights, kv_type) for weights in ("f32", "f16", "int8", "q4") for kv_type in ("f32", "f16")
    ]
    assert not any(reference for _, _, reference in found[1:])


def test_coarser_types_are_further_from_the_reference(result: dict[str, Any]) -> None:
    settings = {(s["weights"], s["kv_type"]): s for s in result["settings"]}
    away = [settings[w, "f32"]["figures"]["divergence"]["value"] for w in ("f16", "int8", "q4")]
    assert 0 < away[0] < away[1] < away[2]
    assert settings["q4", "f32"]["figures"]["same_top"]["value"] < 1
    sizes = [settings[weights, "f32"]["weight_bytes"] for weights in ("f32", "f16", "int8", "q4")]
    assert sizes == sorted(sizes, reverse=True) and len(set(sizes)) == 4


def test_figures_follow_from_the_samples(result: dict[str, Any]) -> None:
    count = result["windows"]["read"]
    assert count == result["windows"]["asked"] == result["windows"]["in_text"] > 3 and result["complete"]
    for setting in result["settings"]:
        samples = [dict(sample) for sample in setting["samples"]]
        assert [sample.pop("window") for sample in samples] == list(range(count))
        sums = total(ScoreSums(**sample) for sample in samples)
        assert sums.count == count * 15 == count * result["windows"]["scored"]
        assert setting["figures"]["perplexity"] == perplexity_of(sums).as_dict()
        assert setting["figures"]["nll"]["value"] == sums.nll / sums.count


def test_the_document_says_what_it_was_measured_on(result: dict[str, Any], place: Path) -> None:
    assert (result["schema"], result["kind"], result["simulated"]) == (1, "perplexity", False)
    assert result["command"] == "llmproc perplexity f32.bin text.txt" and result["machine"]["cpu"]
    assert result["model"]["path"] == str(place / "f32.bin") and result["model"]["vocabulary"] == 512
    assert result["model"]["fingerprint"] == open_model(place / "f32.bin").fingerprint()
    assert result["text"]["bytes"] == len(TEXT) and result["text"]["bos"] == 1
    assert result["text"]["tokens"] // 32 == result["windows"]["in_text"]
    assert result["reference"] == {"path": str(place / "f32.bin"), "weights": "f32", "kv_type": "f32"}
    assert result["options"]["context"] == 32 and result["warnings"] == []


def test_perplexity_is_that_of_the_plain_reference(result: dict[str, Any], place: Path) -> None:
    """Float32 beside the NumPy oracle in float64, one id at a time, with the definition written out again."""
    from llmproc.engine.reference import Reference
    from llmproc.session.model_files import read_model_files

    files = read_model_files(place / "f32.bin", place / "tokenizer.bin")
    ids = [1, *files.tokenizer.encode(TEXT)]
    weights, lost = files.model.load().weights, []
    for start in range(0, len(ids) // 32 * 32, 32):
        reference = Reference(files.model.description, weights, exact=True)
        part = [1, *ids[start + 1 : start + 32]]
        rows = [reference.forward(token, at) for at, token in enumerate(part)]
        lost += [math.log(np.exp(rows[at] - rows[at][part[at + 1]]).sum()) for at in range(16, 31)]  # -ln p of the next
    assert len(lost) == 15 * result["windows"]["read"]
    value = result["settings"][0]["figures"]["perplexity"]["value"]
    assert value == pytest.approx(math.exp(sum(lost) / len(lost)), rel=1e-5)


def test_chunks_and_types_can_be_fewer(place: Path) -> None:
    chosen = options(place, weights=("q4",), kv_types=("f16",), chunks=2)
    found = measure(chosen, "x", quiet, never)
    assert [(s["weights"], s["kv_type"]) for s in found["settings"]] == [("f32", "f32"), ("q4", "f16")]
    assert found["windows"]["read"] == 2 < found["windows"]["in_text"]
    assert found["warnings"] == ["only 30 tokens were scored: more text makes the figures surer"]


def test_a_quantised_model_against_another_file(place: Path) -> None:
    """The reference is the float32 model it was made of; of the int8 file there is one type."""
    chosen = options(place, model=place / "int8.bin", against=str(place / "f32.bin"), kv_types=("f16",), chunks=2)
    found = measure(chosen, "x", quiet, never)
    paths = [Path(setting["path"]).name for setting in found["settings"]]
    assert paths == ["f32.bin", "int8.bin"] and found["settings"][1]["weights"] == "int8"
    assert found["settings"][1]["figures"]["divergence"]["value"] > 0


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"model": "int8.bin", "weights": ("q4",)}, "--weights is q4: .*int8.bin can be loaded as int8"),
        ({"model": "int8.bin", "against": "f32"}, "--against is f32: .*int8.bin can be loaded as int8"),
        ({"context": 4096}, "--context is 4096: the model has 256 positions"),
        ({"context": 250}, "the text has [0-9]+ tokens, two windows need 500; --context [0-9]+ would fit"),
    ],
)
def test_what_does_not_fit_is_refused(place: Path, changes: dict[str, Any], said: str) -> None:
    if "model" in changes:
        changes = {**changes, "model": place / changes["model"]}
    with pytest.raises(UsageError, match=said):
        measure(options(place, **changes), "x", quiet, never)


def test_a_reference_with_another_vocabulary_is_refused(place: Path, tmp_path: Path) -> None:
    shape = dataclasses.replace(open_model(place / "int8.bin").description, vocab_size=300, group_size=32)
    write_synthetic(tmp_path / "other.bin", shape, 1)
    with pytest.raises(UsageError, match="must have the same vocabulary, and has 300 tokens"):
        reference_of(open_model(place / "f32.bin"), str(tmp_path / "other.bin"))


def test_a_text_that_is_missing_or_no_file(place: Path) -> None:
    for path, said in ((place / "none.txt", "none.txt: no such file"), (place, "is a directory, not a file")):
        with pytest.raises(LlmprocError, match=said):
            measure(options(place, text=path), "x", quiet, never)


def test_too_little_memory_is_said_before_anything_is_loaded(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "usable_memory", lambda: MemoryBudget(None, None, None, 1000))
    monkeypatch.setattr(opening, "open_forward", lambda *given: pytest.fail("loaded"))
    with pytest.raises(UsageError, match=r"--weights and --kv-type choose too many settings: .* there are 1000"):
        measure(options(place), "x", quiet, never)


def test_the_default_window_is_the_models_if_that_is_smaller() -> None:
    assert (window_size(None, 256), window_size(None, 4096), window_size(100, 256)) == (256, 512, 100)


def test_which_types_there_are(place: Path) -> None:
    f32, int8 = open_model(place / "f32.bin"), open_model(place / "int8.bin")
    assert loadable(f32) == ("f32", "f16", "int8", "q4") and loadable(int8) == ("int8",)
    reference = reference_of(int8, None)
    assert reference == Precision(int8.path, "int8", "f32") and str(reference) == "int8 weights, f32 KV"
    assert measured_precisions(int8, reference, (), ("f16", "f32")) == [reference, Precision(int8.path, "int8", "f16")]


class FakeReader:
    """Rows that are the same everywhere; it counts what it was asked."""

    def __init__(self) -> None:
        self.begun: list[int] = []
        self.read: list[int] = []

    def begin(self, ids: tuple[int, ...]) -> None:
        self.begun.append(len(ids))

    def logits(self, ids: tuple[int, ...], position: int) -> np.ndarray:
        self.read += range(position, position + len(ids))
        return np.zeros((len(ids), 4), np.float32)


def faked(count: int) -> tuple[list[OpenPrecision], list[FakeReader], list[TextWindow]]:
    readers = [FakeReader() for _ in range(count)]
    models = [OpenPrecision(Precision(Path("x"), "f32", "f32"), reader, 1) for reader in readers]  # type: ignore[arg-type]
    return models, readers, windows_of([1, 2, 3] * 100, 100, None)


def stop_at(call: int) -> Callable[[], bool]:
    calls = iter(range(1000))
    return lambda: next(calls) >= call


def test_every_scored_position_is_read_once_by_every_model() -> None:
    models, readers, windows = faked(2)
    samples = read_all(models, windows, quiet, never)
    assert len(samples.rows) == 3 and not samples.stopped
    for reader in readers:
        assert reader.begun == [50] * 3 and reader.read == [*range(50, 99)] * 3
    sums = total(row[1] for row in samples.rows)
    assert sums.count == 3 * 49 and sums.nll == pytest.approx(sums.count * math.log(4))


@pytest.mark.parametrize(("call", "windows"), [(0, 0), (1, 0), (2, 1), (3, 1), (5, 2)])
def test_an_early_end_keeps_the_windows_that_were_complete(call: int, windows: int) -> None:
    """Two steps a window; it is asked before each."""
    models, _, asked = faked(2)
    samples = read_all(models, asked, quiet, stop_at(call))
    assert samples.stopped and len(samples.rows) == windows and all(len(row) == 2 for row in samples.rows)


def test_the_document_of_an_early_end(place: Path) -> None:
    found = measure(options(place, weights=("f32",)), "x", quiet, stop_at(2))
    assert not found["complete"] and found["windows"]["read"] == 2
    assert found["warnings"][0].startswith("stopped after 2 of ")
    nothing = measure(options(place, weights=("f32",)), "x", quiet, lambda: True)
    assert nothing["windows"]["read"] == 0 and nothing["settings"][0]["figures"] is None


def test_progress_rises_to_its_end(place: Path) -> None:
    seen: list[tuple[int, int, str]] = []
    measure(options(place, weights=("f32",)), "x", lambda *given: seen.append(given), never)
    scored = [(done, count) for done, count, what in seen if what == "tokens scored"]
    assert seen[0] == (0, 2, "opening f32 weights, f32 KV") and seen[-1] == (1, 1, "")
    assert scored == sorted(scored) and scored[0][0] == 0 and len({count for _, count in scored}) == 1
