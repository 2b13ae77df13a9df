#!/usr/bin/env bash
# prometheus-client's two text formats give one metric two names when it has a colon.
#
# A colon is a letter of a metric's name (Prometheus' data model: [a-zA-Z_:][a-zA-Z0-9_:]*), and model servers use it:
# vllm:num_requests_running. One would guess that a registry's metrics have the same names in both formats, as they had
# up to 0.22.1. Seen (prometheus-client 0.23.1, 0.26.0): the classic format keeps `a:b`, OpenMetrics, which Prometheus
# asks for first, says `a_b`; so dashboards find nothing, depending on what the scraper accepts. Passing
# escaping=ALLOWUTF8 keeps the name; that word says nothing of colons.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT

cat >"$place/look.py" <<'PYTHON'
from prometheus_client import CollectorRegistry, Gauge
from prometheus_client.exposition import generate_latest
from prometheus_client.openmetrics import exposition as openmetrics

registry = CollectorRegistry()
Gauge("engine:requests", "Requests.", registry=registry).set(1)


def name(text: bytes) -> str:
    return [line for line in text.decode().splitlines() if not line.startswith("#")][0].split()[0]


found = [name(generate_latest(registry)), name(openmetrics.generate_latest(registry))]
if hasattr(openmetrics, "ALLOWUTF8"):
    found.append(name(openmetrics.generate_latest(registry, escaping=openmetrics.ALLOWUTF8)))
print(*found)
PYTHON

seen=""
for version in 0.22.1 0.23.1 0.26.0; do
    python3 -m venv "$place/$version"
    "$place/$version/bin/python" -m pip install --quiet --disable-pip-version-check "prometheus-client==$version"
    line=$("$place/$version/bin/python" "$place/look.py")
    echo "prometheus-client $version, classic, OpenMetrics, OpenMetrics told so: $line"
    seen+="$line;"
done
expected="engine:requests engine:requests;"
expected+="engine:requests engine_requests engine:requests;engine:requests engine_requests engine:requests;"
[ "$seen" = "$expected" ] || { echo "this has changed" >&2; exit 1; }
