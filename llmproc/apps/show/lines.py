"""Facts about a model as lines: a label, then words. Pure. Text from files is made printable by the caller."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

TEMPLATE_LINES = 3  # of a chat template
_LABEL = 14


def as_lines(facts: dict[str, Any]) -> Iterator[str]:
    """Yield the lines of a model that opened, or of one that did not."""
    yield _line("model", facts["model"])
    yield _line("format", facts["format"])
    yield _line("architecture", facts["architecture"])
    yield _line("runs", "yes" if facts["runs"] else f"no: {facts['reason']}")
    yield from _partial(facts) if "values" in facts else _whole(facts)


def _whole(facts: dict[str, Any]) -> Iterator[str]:
    sizes, memory = facts["sizes"], facts["memory"]
    yield _line("parameters", f"{facts['parameters']:,}")
    yield _line("layers", f"{sizes['layers']}, {sizes['width']} wide, feed-forward {sizes['feed_forward']}")
    yield _line("heads", f"{sizes['heads']}, {sizes['kv_heads']} for keys and values, of {sizes['head_dim']}")
    yield _line("vocabulary", f"{sizes['vocabulary']:,}, output layer is {facts['features']['output_layer']}")
    yield _line("context", f"{facts['context']:,} positions")
    yield _line("rope", ", ".join(_rope(facts["rope"])))
    yield from (_line("also", text) for text in _features(facts["features"]))
    yield from _weights(facts["weights"])
    yield _line("file", _bytes(memory["file"]))
    yield _line("memory", f"{_bytes(memory['weights'])} of weights, {_bytes(memory['kv_per_token'])} a token, "
                f"{_bytes(memory['kv_full_context'])} for a full context")  # fmt: skip
    yield from _tokenizer(facts["tokenizer"])
    yield from (_line("note", note) for note in facts["notes"])
    yield _line("fingerprint", facts["fingerprint"])


def _partial(facts: dict[str, Any]) -> Iterator[str]:
    for key, value in facts["values"].items():
        yield _line("", f"{key} = {value}")
    for row in facts["types"]:
        yield _line("weights", f"{row['type']:<6} {row['tensors']:>4} tensors {_bytes(row['stored']):>10}")
    yield _line("file", _bytes(facts["memory"]["file"]))
    if facts.get("tokenizer"):
        yield _line("tokenizer", f"{facts['tokenizer']['type']}, {facts['tokenizer']['entries']:,} entries")


def _rope(rope: dict[str, Any]) -> Iterator[str]:
    yield f"theta {rope['theta']:g}"
    yield f"{rope['scaling']} scaling" if rope["scaling"] != "default" else "no scaling"
    yield f"{rope['pairs']} pairs"
    if rope["attention_factor"] != 1:
        yield f"cos and sin times {rope['attention_factor']:.6g}"
    if rope["layers_without"]:
        yield f"not in layers {_numbers(rope['layers_without'])}"


def _features(features: dict[str, Any]) -> Iterator[str]:
    yield f"norm epsilon {features['norm_epsilon']:.3g}"
    if features["biases"]:
        yield f"biases of {', '.join(features['biases'])}"
    if features["query_key_norm"]:
        yield "norms of queries and keys"
    if features["window"]:
        yield f"sliding window of {features['window']:,} in layers {_numbers(features['window_layers'])}"


def _weights(rows: list[dict[str, Any]]) -> Iterator[str]:
    """Yield a line for each kind of tensor and type, then the sums of each type."""
    sums: dict[tuple[str, str], list[int]] = {}
    for row in rows:
        yield _line("weights", f"{row['name']:<15} {row['type']:<7} {row['tensors']:>4} {_bytes(row['stored']):>10}  "
                    f"in {row['tile']} tiles")  # fmt: skip
        total = sums.setdefault((row["type"], row["tile"]), [0, 0])
        total[0], total[1] = total[0] + row["tensors"], total[1] + row["stored"]
    for (kind, tile), (count, stored) in sums.items():
        yield _line("all of a type", f"{kind:<23} {count:>4} {_bytes(stored):>10}  in {tile} tiles")


def _tokenizer(found: dict[str, Any]) -> Iterator[str]:
    if "error" in found:
        yield _line("tokenizer", f"cannot be read: {found['error']}")
        return
    yield _line("tokenizer", f"{found['type']}, {found['entries']:,} entries, {found['special']} special tokens")
    yield _line("before a text", _token(found["bos"]) if found["bos"] else "nothing")
    yield _line("ends a text", ", ".join(map(_token, found["ends"])) or "nothing")
    yield _line("template", found["template"])
    lines = (found["template_text"] or "").splitlines()
    yield from (_line("", line[:100]) for line in lines[:TEMPLATE_LINES])
    if len(lines) > TEMPLATE_LINES:
        yield _line("", f"... {len(lines) - TEMPLATE_LINES} lines more")
    yield from (_line("note", note) for note in found["notes"])


def _token(named: dict[str, Any]) -> str:
    return f"{named['id']} {named['text']}"


def _numbers(layers: list[int]) -> str:
    """Return numbers with runs put together: `0-3,7`."""
    runs: list[list[int]] = []
    for layer in layers:
        if runs and runs[-1][1] == layer - 1:
            runs[-1][1] = layer
        else:
            runs.append([layer, layer])
    return ",".join(str(first) if first == last else f"{first}-{last}" for first, last in runs)


def _bytes(count: int) -> str:
    """Return `1.5 GB`, in powers of 1000."""
    if count < 1000:
        return f"{count} bytes"
    value = float(count)
    for unit in ("kB", "MB", "GB"):
        value /= 1000
        if value < 999.95:
            return f"{value:.1f} {unit}"
    return f"{value / 1000:.1f} TB"


def _line(label: str, text: object) -> str:
    return f"{label:<{_LABEL}} {text}".rstrip()
