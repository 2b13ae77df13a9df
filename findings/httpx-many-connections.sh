#!/usr/bin/env bash
# httpx spends more CPU on a request the more connections it has open.
#
# One would guess that a request costs an AsyncClient about the same whether 1 or 192 are under way: each has its own
# connection. Seen (httpx 0.28.1 with httpcore 1.0.9): many times as much, as the connection pool looks at all its
# connections, and inside that at all of them again, whenever a request begins or ends. With a client of one connection
# for each request under way it costs the same as alone; so a load generator measures itself, unless it has its own pools.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT

cat >"$place/server.py" <<'PYTHON'
import asyncio


async def connected(reader, writer):
    try:
        while await reader.readuntil(b"\r\n\r\n"):
            await asyncio.sleep(0.05)
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


async def main():
    server = await asyncio.start_server(connected, "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


asyncio.run(main())
PYTHON

cat >"$place/look.py" <<'PYTHON'
import asyncio
import subprocess
import sys
import time

import httpx

NO_LIMITS = httpx.Limits(max_connections=None, max_keepalive_connections=None)
REQUESTS = 600


async def cpu_ms(url, at_once, clients):
    """CPU of this process for each request; the connections are open before."""
    opened = [httpx.AsyncClient(limits=NO_LIMITS, timeout=None, trust_env=False) for _ in range(clients)]

    async def lane(number, count):
        for _ in range(count):
            assert (await opened[number % clients].get(url)).text == "ok"

    async def run(each):
        await asyncio.gather(*(lane(number, each) for number in range(at_once)))

    await run(1)
    began = time.process_time()
    await run(max(1, REQUESTS // at_once))
    used = time.process_time() - began
    for client in opened:
        await client.aclose()
    return 1000 * used / (at_once * max(1, REQUESTS // at_once))


async def main(url):
    alone, shared, apart = await cpu_ms(url, 8, 1), await cpu_ms(url, 192, 1), await cpu_ms(url, 192, 192)
    print(f"CPU a request: {alone:.2f} ms with 8 under way, {shared:.2f} ms with 192, {apart:.2f} ms with 192 clients")
    print("many times as much" if shared > 4 * max(alone, apart) else "about the same")


with subprocess.Popen([sys.executable, sys.argv[1]], stdout=subprocess.PIPE, text=True) as server:
    try:
        asyncio.run(main(f"http://127.0.0.1:{int(server.stdout.readline())}/"))
    finally:
        server.kill()
PYTHON

python3 -m venv "$place/venv"
"$place/venv/bin/python" -m pip install --quiet --disable-pip-version-check httpx==0.28.1 httpcore==1.0.9
"$place/venv/bin/python" "$place/look.py" "$place/server.py" | tee "$place/seen"
grep -qx "many times as much" "$place/seen" || { echo "this has changed" >&2; exit 1; }
