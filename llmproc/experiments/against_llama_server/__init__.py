"""Our server beside llama.cpp's, on the same GGUF file, under the same load, in turn; and both engines alone.

    options.py      what is compared, with how much load
    sides.py        how each server is started                                           (pure)
    own_engine.py   our engine without a server, in a process of its own;  peer_engine.py: llama-batched-bench
    arms.py         what takes its turn: a server under load, an engine
    figures.py      samples -> rates, waits, CPU seconds, ratios, and the bars           (pure)
    comparison.py   one comparison from options to document

The client process is `experiments.http_load`'s, and the same for all servers. `tools/compare_llama_server.py` prints
the document.
"""
