"""How well a model predicts a text, with each type that its weights and its keys and values may have.

    windows.py       the ids of the text in windows, and which positions are scored       (pure)
    precisions.py    the types a model can be loaded as, and which of them is the reference
    reader.py        a forward pass that gives the logits of every position
    scores.py        rows of logits -> sums: likelihood, divergence, the same first choice
    figures.py       sums -> perplexity, mean divergence, shares, each with its error     (pure)
    measurement.py   one measurement from options to document          result.py   the JSON document and its schema

All settings read the same window side by side, so the rows of the reference are there when the others are compared
with it, and a run that is stopped has the same windows of every setting.
"""
