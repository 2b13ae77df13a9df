"""The frame that experiments share: a plan of arms, rounds in turn, statistics, one JSON schema, one reader.

    options.py         what every experiment is told: runs, prompts, model, sampling
    plan.py            what an experiment hands in: its arms, what runs them, what is compared
    rounds.py          what one arm did in one repetition: a row for each request, figures for all together
    measuring.py       warm-up, then all arms in turn, again and again; conditions; the document
    statistics.py      mean to p99 and the interval of the mean
    schema.py          the document, field by field, as types that check it
    document.py        rounds -> document;  reading.py: a file -> document
    service_rounds.py  the usual arm: a service of its own for each round, asked and watched
    task_counters.py   what the kernel counted of processes, before and after

`README.md` says how to add an experiment. The command is `llmproc experiment` (apps/experiment); tables and pictures
are report's. bench and compare-modes keep documents of their own, which `reading.py` reads too.
"""
