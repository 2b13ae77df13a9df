"""Results of experiments as pandas tables: from Python, `runs_frame("logs/results/baseline")`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from llmproc.errors import LogError


def _document(source: str | Path | Mapping[str, Any]) -> Mapping[str, Any]:
    if isinstance(source, Mapping):
        return source
    path = Path(source)
    file = path / "result.json" if path.is_dir() else path
    try:
        found: Mapping[str, Any] = json.loads(file.read_bytes())
    except OSError as error:
        raise LogError(f"{file}: cannot be read: {error.strerror}") from None
    except ValueError:
        raise LogError(f"{file}: is not JSON") from None
    if not isinstance(found, dict) or not {"runs", "rounds", "arms"} <= set(found):
        raise LogError(f"{file}: is not the result of an experiment")
    return found


def runs_frame(source: str | Path | Mapping[str, Any]) -> pd.DataFrame:
    """Return a row for each request: `runs` of the document, with the settings of its arm as columns. LogError."""
    return _with_settings(_document(source), "runs")


def rounds_frame(source: str | Path | Mapping[str, Any]) -> pd.DataFrame:
    """Return a row for each round, its figures as columns, with the settings of its arm. LogError."""
    document = _document(source)
    frame = _with_settings(document, "rounds")
    figures = pd.DataFrame([each["figures"] for each in document["rounds"]], index=frame.index)
    return frame.drop(columns="figures", errors="ignore").join(figures)


def _with_settings(document: Mapping[str, Any], block: str) -> pd.DataFrame:
    settings = {arm["arm"]: arm["settings"] for arm in document["arms"]}
    rows = [{**{f"setting_{k}": v for k, v in settings[row["arm"]].items()}, **row} for row in document[block]]
    return pd.DataFrame(rows)
