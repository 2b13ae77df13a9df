"""What stands in a picture, and what stands badly."""

from __future__ import annotations

from matplotlib.figure import Figure


def texts(figure: Figure) -> list[str]:
    found = [text.get_text() for text in figure.texts]
    for axis in figure.axes:
        found += [text.get_text() for text in axis.texts]
        found += [axis.get_xlabel(), axis.get_ylabel(), axis.get_title(loc="left")]
        legend = axis.get_legend()
        found += [text.get_text() for text in legend.get_texts()] if legend else []
        found += [label.get_text() for label in (*axis.get_xticklabels(), *axis.get_yticklabels())]
    return [text for text in found if text]


def overlaps(figure: Figure) -> list[tuple[str, str]]:
    """Pairs of texts that cover each other, and texts that leave the picture; the watermark may lie under anything."""
    figure.draw_without_rendering()
    pieces = [*figure.texts]
    for axis in figure.axes:
        legend = axis.get_legend()
        pieces += [text for text in axis.texts if text.get_text() != "SIMULATED"]
        low, high = sorted(axis.get_xlim())
        ticks = zip(axis.get_xticks(), axis.get_xticklabels(), strict=False)  # no labels on some
        pieces += [label for tick, label in ticks if low <= tick <= high and axis.xaxis.get_visible()]
        pieces += [axis.xaxis.label, axis.title, axis._left_title]  # type: ignore[attr-defined]
        pieces += legend.get_texts() if legend else []
    boxes = [(text.get_text(), text.get_window_extent()) for text in pieces if text.get_text()]
    outside = [(a, "the edge") for a, box in boxes if box.x0 < 0 or box.y0 < 0 or box.x1 > figure.bbox.x1]
    return outside + [(a, b) for i, (a, box) in enumerate(boxes) for b, other in boxes[i + 1 :] if box.overlaps(other)]
