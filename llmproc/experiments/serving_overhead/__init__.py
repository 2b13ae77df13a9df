"""What serving costs beside computing: CPU time of the first process for each streamed token, and where it goes.

    options.py         how many streams, of which length
    stage_times.py     CPU time by stage, nested stages apart                      (pure)
    stages.py          the stages of a streamed token, and where their code is     (a table)
    staged_server.py   our server with a clock at every stage; it tells on SIGUSR1
    staged.py          that server from here
    chat_turn.py       the prompt loop, which shows the same tokens without HTTP
    figures.py         samples -> microseconds a token, shares, ratios, bars       (pure)
    overhead.py        one measurement from options to document

Two servers take turns: one as it is, which tells how much, and one with clocks, which tells where. `tools/
measure_serving.py` prints the document.
"""
