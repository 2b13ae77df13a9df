"""One process, no IPC: a model over a paged KV cache, a team of ranks, and the engine that runs many sequences at once.

    engine.py     step(): what the scheduler chose, one forward pass, one id for each, who ends
    scheduler.py  who computes how much in a step and holds which pages; pages.py keeps count of them
    choosing.py   ids of requests with options of shaping.py; row_changes.py and id_counts.py are its parts
    cost_meter.py what the process's time costs each sequence; costs.py divides it
    forward.py    fills the records that the compiled pass reads, keeps its memory and its ranks
    packing.py    where weights lie, each matrix in tiles of its kind; filling.py brings them there, loading.py does all
    weight_records.py, workspace.py   the records that the compiled pass reads, and its memory
    reference.py  the NumPy oracle that every test asks

Used by `service`. The words: a *sequence* is a request's state in here, a *page* holds keys and values of 16 positions,
a *step* is one round over all running sequences. Nothing here forks, reads files of its own, or knows text: ids go in,
ids come out.
"""
