"""Our perplexity is llama.cpp's: the numbers that its own tool printed for the same files and the same text.

Golden file: perplexity_golden/make_perplexity_golden.py. The tool prints four digits, in comparisons six.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from experiments.perplexity_models import CONTEXT, PRE, digest_of_ids, windows_in, write_model_and_text

from llmproc.experiments.against_llama_cpp.models import digest_of
from llmproc.experiments.perplexity.figures import ScoreSums, comparison_of, perplexity_of, total
from llmproc.experiments.perplexity.measurement import read_all
from llmproc.experiments.perplexity.opening import opened
from llmproc.experiments.perplexity.precisions import Precision
from llmproc.experiments.perplexity.windows import windows_of

GOLDEN: dict[str, Any] = json.loads(
    (Path(__file__).parent / "perplexity_golden" / "perplexity_golden.json").read_text()
)


def quiet(done: int, count: int, what: str) -> None:
    pass


@pytest.fixture(scope="module", params=PRE)
def measured(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, list[ScoreSums]]:
    """What the tool said of one model; our sums in float32 and Q4_0, quantised as llama.cpp does; KV in float32."""
    golden = GOLDEN[request.param]
    path = write_model_and_text(tmp_path_factory.mktemp("golden"), request.param)
    assert digest_of(path) == golden["sha256"], "not the model of the golden file"
    windows = windows_in(path)
    assert len(windows) == golden["windows"]
    assert digest_of_ids(windows) == golden["ids_sha256"], "not the ids of the golden file"
    precisions = [Precision(path, weights, "f32") for weights in ("f32", "q4")]
    with opened(precisions, CONTEXT, 1, quiet) as models:
        samples = read_all(models, windows, quiet, lambda: False)
    return golden, [total(row[number] for row in samples.rows) for number in range(len(precisions))]


def test_perplexity_and_its_error_are_the_tools(measured: tuple[Any, list[ScoreSums]]) -> None:
    golden, (exact, _) = measured
    found = perplexity_of(exact)
    assert found.value == pytest.approx(golden["perplexity"]["value"], abs=2e-4)
    assert found.error == pytest.approx(golden["perplexity"]["error"], abs=2e-5)


def test_the_comparison_of_q4_0_is_the_tools(measured: tuple[Any, list[ScoreSums]]) -> None:
    """Activations are rounded to 8 bits there too, by other sums: the last digits differ."""
    golden, (exact, quantised) = measured
    said, found = golden["q4_0"], comparison_of(quantised, exact)
    assert perplexity_of(quantised).value == pytest.approx(said["perplexity"]["value"], rel=2e-3)
    assert found["divergence"]["value"] == pytest.approx(said["divergence"]["value"], rel=2e-3)
    assert found["divergence"]["error"] == pytest.approx(said["divergence"]["error"], rel=1e-2)
    assert found["ln_ratio"]["value"] == pytest.approx(said["ln_ratio"]["value"], abs=2e-3)
    assert found["ln_ratio"]["error"] == pytest.approx(said["ln_ratio"]["error"], rel=1e-2)
    assert 100 * found["same_top"]["value"] == pytest.approx(said["same_top"]["value"], abs=2)
    assert 100 * found["same_top"]["error"] == pytest.approx(said["same_top"]["error"], rel=1e-2)


@pytest.mark.parametrize("name", ["byte-level with BOS", "SentencePiece with BOS"])
def test_without_bos_in_every_window_the_number_is_another(tmp_path: Path, name: str) -> None:
    """The golden numbers see the definition: the same ids without BOS at each window's start."""
    path = write_model_and_text(tmp_path, name)
    plain = windows_of([i for window in windows_in(path) for i in window.ids[1:]], CONTEXT, None)
    with opened([Precision(path, "f32", "f32")], CONTEXT, 1, quiet) as models:
        samples = read_all(models, plain, quiet, lambda: False)
    found = perplexity_of(total(row[0] for row in samples.rows))
    assert abs(found.value - GOLDEN[name]["perplexity"]["value"]) > 0.1
