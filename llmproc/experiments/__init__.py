"""Controlled comparisons -> one JSON document each: plans, runs in turn, statistics. Pictures and tables are report's.

    turns.py           order of runs, warm-up                samples.py        summaries, paired ratios
    intervals.py       how sure a ratio is                   conditions.py     load, other programs, throttling
    machine.py         the machine block                     surroundings.py   what every document begins with
    own_children.py    what our own processes took, which no snapshot lists
    frame/                what `experiment` runs in: plan, rounds in turn, statistics, one schema, one reader
    baseline/             what one request after another takes
    bench/                speed, as ratios and shares of the machine's limits
    compare_modes/        dispatch modes and numbers of workers against the honest sequential baseline
    perplexity/           how well a text is predicted, in each type of weights, keys and values
    against_llama_cpp/    how exact logits are beside llama.cpp's, in each type of GGUF tensor
    http_load/            streaming load on any HTTP server, and the CPU time that it takes
    serve_load/           what users of any OpenAI-style server would meet: latencies, rates, failures
    against_llama_server/ our server beside llama.cpp's on the same file and load, and both engines alone
    serving_overhead/     what our server takes beside the engine, for each token and by stage

An experiment drives arms through a protocol of its own; tests hand in arms on a fake clock. Never in it: a figure
without its raw samples.
"""
