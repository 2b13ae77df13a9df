"""Streaming load on an HTTP server, the same for every server: a client process, a server process, CPU time by part.

    prompts.py          requests for /v1/completions, prompts of a known number of tokens          (pure)
    http_response.py    bytes of a response -> its body, as far as they have come                  (pure)
    streamed.py         the body of a stream and when its parts came -> text, tokens, moments      (pure)
    driving.py          clients over plain asyncio connections, each with one request at a time
    client_process.py   the far end of a pipe: drives when it is told to;  load_client.py: the near end
    line_process.py     a process that answers JSON lines with JSON lines, seen from here
    server_process.py   a server as a process: start, wait until it is ready, end
    cpu_times.py        CPU seconds of a process tree, parted into serving and computing

Used by the experiments `against_llama_server` and `serving_overhead`. Never in it: which servers there are, or a
judgement of figures.
"""
