"""Logits beside llama.cpp's on the same GGUF files: whose are nearer to float64, type by type.

    models.py        random models in every type of tensor, always the same bytes; gaussian_blocks.py their weights
    own_logits.py    ours, through a forward pass; and the reference's, in float64 on the dequantised weights
    peer_process.py  llama.cpp's, in a process of its own
    errors.py        logits -> mean divergence, root mean square, largest error, other first choices; and the bars
    comparison.py    one comparison from options to document

Every model is fed with the same random ids, so an error does not grow by choosing another id. Printed by
tools/compare_llama_cpp.py. Bars, over all positions of all models of a type:

    mean divergence from the reference, root mean square error of logits   at most RATIO times llama.cpp's
    the largest error of a logit                                           at most LARGEST times the root mean square
    positions with another likeliest id than the reference                 at most llama.cpp's and MORE_CHANGED
"""
