"""Where the time of a step went: the ranks' trace rings, read, summed, and put beside the machine's limits.

    rings.py      rings -> steps, each with its phases as the team went through them   pure
    waiting.py    steps -> time by phase, and waiting by rank and cause                pure
    figures.py    those beside the limits of the machine: `phases` of bench's JSON     pure

What a ring holds is said in `kernels.trace`. The engine that writes it is `arms.traced`.
"""
