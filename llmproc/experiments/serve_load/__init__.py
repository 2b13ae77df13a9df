"""Load on any server with OpenAI's interface, as its users would make it: `llmproc bench serve`.

    options.py       ServeLoadOptions: what is asked for                                         frozen, checked
    questions.py     a file or the set that ships -> RemoteRequests, distinct or with a shared prefix
    arrivals.py      when requests are sent: Poisson arrivals from a seed                        (pure)
    goals.py         --goodput: limits, and which answers keep them                              (pure)
    recording.py     LoadRecorder: every request's record, and how many are under way            observer
    driving.py       one run: closed loop (a number at once) or open loop (at their times)
    figures.py       records -> counts, latencies, percentiles, rates                            (pure)
    ramp.py          stress --ramp: the next load, when to stop, and what gave way               (pure)
    server_state.py  what our own server tells of itself in /metrics and /workers
    result.py        the JSON document, with every raw sample                                    (pure)
    measuring.py     all of it: servers in turn, repetitions, a stop by a signal

Requests go through `llmproc.client`, so a failure is what a user would have met, and retries are counted apart. Its
neighbour `http_load` is for another question: what our server costs beside llama.cpp's, with bare sockets, a known
number of tokens, and CPU time by part. Never in it: printing, drawing, exit codes (`apps/bench`, `report`).
"""
