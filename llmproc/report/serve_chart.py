"""The picture of a load on a server: latency against load, or how latencies spread; requests as bars, and under way.

Used by `bench serve`. Works on the document of `experiments.serve_load.result` only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from llmproc.report import figure as look

Row = Mapping[str, Any]
MOST_BARS = 400
_FAILED = look.WAIT
_RIGHT_NUMBERS = 0.03  # of the figure's width
_TIMES = (("ttft_s", "TTFT", look.PREFILL), ("e2e_s", "E2E", look.DECODE))


def plot_serve(found: Row) -> Figure:
    """Draw the picture. What the document cannot tell is said in the panel."""
    servers = [server["url"] for server in found["servers"]]
    title = f"Load on {' and '.join(servers)}: {found['options']['mode']}"
    run = _shown_run(found)
    notes = _notes(found, run)
    figure, axes = look.panels([2.6, 3.2, 1.3], title, notes, sharex=False)
    if found["ramp"]:
        _against_load(axes[0], found)
    else:
        _cumulative(axes[0], found)
    if run is None or not run["requests"]:
        for axis in axes[1:]:
            look.say_missing(axis, "no request was sent")
        return figure
    _bars(axes[1], run)
    _in_flight(axes[2], run, axes[1].get_xlim())
    return figure


def _shown_run(found: Row) -> Row | None:
    """Return the run whose requests are drawn: the last one, which of a ramp is the one where goodput fell."""
    return found["runs"][-1] if found["runs"] else None


def _notes(found: Row, run: Row | None) -> list[str]:
    machine = found["machine"]
    notes = [f"Clients on {machine['cpu']}, Linux {machine['kernel']}; {found['started']}"]
    if run is not None:
        figures = run["figures"]
        where = f" at load {run['load']:g}" if run["load"] is not None else ""
        server = found["servers"][run["server"]]["url"]
        notes.append(
            f"Bars: the last run ({server}{where}): {figures['total']} requests, {figures['failed']} failed; "
            f"the load generator took {figures['client_cpu_share']:.0%} of a core"
        )
        if len(run["requests"]) > MOST_BARS:
            notes.append(f"{len(run['requests'])} requests in all; the first {MOST_BARS} are drawn (the JSON has all)")
    return [*notes, *(f"WARNING: {warning}." for warning in found["warnings"])]


def _against_load(axis: Axes, found: Row) -> None:
    """Draw median and 99th percentile of TTFT and E2E over the loads of a ramp, and goodput on the right."""
    runs = found["runs"]
    for key, label, colour in _TIMES:
        for share, style in (("median", "-"), ("p99", "--")):
            points = [(run["load"], run["figures"][key][share]) for run in runs if run["figures"][key]]
            if points:
                x, y = zip(*points, strict=True)
                axis.plot(x, y, style, color=colour, marker="o", markersize=3.5, label=f"{label} {share}")
    axis.set_xscale("log", base=2)
    axis.set_yscale("log")
    axis.set_xticks([run["load"] for run in runs], [f"{run['load']:g}" for run in runs])
    axis.set_xlabel("requests at once" if found["options"]["rate"] is None else "arrivals per second", fontsize=9)
    axis.set_ylabel("seconds", fontsize=9)
    box = axis.get_position()
    axis.set_position((box.x0, box.y0, box.width - _RIGHT_NUMBERS, box.height))
    right = axis.twinx()
    right.xaxis.set_visible(False)  # the left one is the same
    good = [_good(run["figures"]) for run in runs]
    label = "good answers/s (right)"
    right.plot([run["load"] for run in runs], good, color="#4f9a57", marker="s", markersize=4, label=label)
    look.headroom(right, max(good))
    right.tick_params(labelsize=8, colors="#4f9a57")
    right.spines["top"].set_visible(False)
    look.legend_above(axis, [*axis.get_legend_handles_labels()[0], *right.get_legend_handles_labels()[0]])


def _good(figures: Row) -> float:
    return float(figures["queries_per_s"] if figures["goodput_per_s"] is None else figures["goodput_per_s"])


def _cumulative(axis: Axes, found: Row) -> None:
    """Draw which share of the requests took how long at most, a colour for each server."""
    for number, server in enumerate(found["servers"]):
        requests = [
            r for run in found["runs"] if run["server"] == number for r in run["requests"] if "failure" not in r
        ]
        for name, style, values in (
            ("E2E", "-", [r["ended_s"] - r["sent_s"] for r in requests]),
            ("TTFT", ":", [r["ttft_s"] for r in requests if r["ttft_s"] is not None]),
        ):
            if values:
                label = name if len(found["servers"]) == 1 else f"{name} {server['url']}"
                colour = look.LINES[number % len(look.LINES)]
                axis.step(*_shares(values), style, where="post", color=colour, label=label)
    if not axis.get_lines():
        look.say_missing(axis, "no request succeeded")
        return
    axis.set_xlim(left=0)
    axis.set_ylim(0, 102)
    axis.set_xlabel("seconds", fontsize=9)
    axis.set_ylabel("% of answers within", fontsize=9)
    look.legend_above(axis)


def _shares(values: Sequence[float]) -> tuple[list[float], list[float]]:
    ordered = sorted(values)
    return [0.0, *ordered], [0.0, *(100 * (place + 1) / len(ordered) for place in range(len(ordered)))]


def _bars(axis: Axes, run: Row) -> None:
    """Draw each request as a bar: until its first token, from there to its end; failed ones in one colour."""
    requests = run["requests"][:MOST_BARS]
    for place, request in enumerate(requests):
        begin, end = request["sent_s"], request["ended_s"]
        if "failure" in request:
            axis.broken_barh([(begin, max(end - begin, 1e-4))], (place, 0.9), color=_FAILED, linewidth=0)
            continue
        first = begin + (request["ttft_s"] if request["ttft_s"] is not None else end - begin)
        axis.broken_barh([(begin, first - begin)], (place, 0.9), color=look.PREFILL, linewidth=0)
        axis.broken_barh([(first, end - first)], (place, 0.9), color=look.DECODE, linewidth=0)
    axis.set_ylim(len(requests), 0)
    axis.set_xlim(0, max(request["ended_s"] for request in requests) * 1.02 or 1)
    axis.set_ylabel("requests", fontsize=9)
    axis.set_xlabel("seconds after the start", fontsize=9)
    parts = (("until the first token", look.PREFILL), ("from there to the end", look.DECODE), ("failed", _FAILED))
    look.legend_above(axis, [Patch(color=colour, label=label) for label, colour in parts])


def _in_flight(axis: Axes, run: Row, limits: tuple[float, float]) -> None:
    moments = [0.0, *(moment for moment, _ in run["in_flight"])]
    counts = [0, *(count for _, count in run["in_flight"])]
    axis.step(moments, counts, where="post", color=look.TOTAL, linewidth=1)
    look.headroom(axis, max(counts))
    axis.set_xlim(limits)
    axis.set_ylabel("under way", fontsize=9)
