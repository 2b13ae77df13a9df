#!/usr/bin/env bash
# huggingface_hub 2.x begins a download that was killed all over again; 1.17 went on where it stopped.
#
# A model of gigabytes is being downloaded by hf_hub_download when the program is killed. One would guess that calling
# it again asks for the rest alone, as its `.incomplete` files promised for years. Seen against a local server that
# sends two thirds and waits: after the kill, 1.17.0 asks for the rest (Range: bytes=N-), 2.4.0 for the whole file, and
# the first part is left behind under a name that nothing looks for.
set -euo pipefail
place=$(mktemp -d)
trap 'kill "$(cat "$place/server.pid" 2>/dev/null)" 2>/dev/null || true; rm -rf "$place"' EXIT

cat >"$place/server.py" <<'PYTHON'
import http.server, os, pathlib, sys, time

place = pathlib.Path(sys.argv[1])
SIZE = 96 << 20


class Hub(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def head(self, start):
        self.send_response(206 if start else 200)
        for name, value in (
            ("ETag", '"' + "a" * 40 + '"'), ("X-Repo-Commit", "b" * 40), ("Accept-Ranges", "bytes"),
            ("Content-Length", str(SIZE - start)), ("Content-Range", f"bytes {start}-{SIZE - 1}/{SIZE}"),
        ):
            if name != "Content-Range" or start:
                self.send_header(name, value)
        self.end_headers()

    def do_HEAD(self):
        self.head(0)

    def do_GET(self):
        asked = self.headers.get("Range")
        start = int(asked.split("=")[1].split("-")[0]) if asked else 0
        with (place / "asked").open("a") as log:
            log.write(f"{'the rest' if start else 'the whole file'}\n")
        self.head(start)
        stop = SIZE * 2 // 3 if not (place / "second").exists() else SIZE
        for at in range(start, stop, 1 << 20):
            self.wfile.write(bytes(min(1 << 20, stop - at)))
        if stop < SIZE:
            (place / "waiting").touch()
            time.sleep(60)

    def log_message(self, *arguments):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hub)
(place / "server.pid").write_text(str(os.getpid()))
(place / "port").write_text(str(server.server_address[1]))
server.serve_forever()
PYTHON
cat >"$place/get.py" <<'PYTHON'
import huggingface_hub

huggingface_hub.hf_hub_download("o/n", "model.bin")
PYTHON

seen=""
for version in 1.17.0 2.4.0; do
    python3 -m venv "$place/$version"
    "$place/$version/bin/python" -m pip install --quiet --disable-pip-version-check "huggingface_hub==$version"
    rm -f "$place"/{asked,second,waiting,port}
    python3 "$place/server.py" "$place" 2>/dev/null &
    until [ -s "$place/port" ]; do sleep 0.1; done
    export HF_ENDPOINT="http://127.0.0.1:$(cat "$place/port")" HF_HOME="$place/home-$version" HF_HUB_DISABLE_XET=1
    "$place/$version/bin/python" "$place/get.py" >/dev/null 2>&1 &
    client=$!
    until [ -e "$place/waiting" ]; do sleep 0.1; done
    sleep 2 # what has come is written
    kill -9 "$client"
    wait "$client" 2>/dev/null || true
    touch "$place/second"
    "$place/$version/bin/python" "$place/get.py" >/dev/null 2>&1
    kill "$(cat "$place/server.pid")"
    line="$version $(tail -n 1 "$place/asked")"
    echo "huggingface_hub, asked for after the kill: $line"
    seen+="$line;"
done
[ "$seen" = "1.17.0 the rest;2.4.0 the whole file;" ] || { echo "this has changed" >&2; exit 1; }
