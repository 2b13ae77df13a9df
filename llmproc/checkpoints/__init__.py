"""Untrusted model files in, checked descriptions and arrays out.

    model_file.py      open_model(path): what every caller needs of a model, whatever its format
    description.py     shape and constants        features.py  how architectures differ     tensors.py  names and shapes
    architectures.py   the architectures, a row each         rope_scaling.py  frequencies of scaled rotary embeddings
    rotation_order.py  rows of queries and keys in the order of the other formats
    ranges.py          the sizes a model may have
    weights.py         the arrays                 weight_types.py, ggml_types.py   types, and their arithmetic
    weight_source.py   tensor by tensor           weight_choice.py  what --weights makes of a file of any types
    llama2c/  gguf/  huggingface/    one folder for each format: readers (behind open_model) and writers
    conversion/        from one format to another                   overview/   what is in a model
    source_file.py     the file itself: opened and read with care      fingerprint.py   what identifies its content
    tokenizer_file.py  the tokenizer of a model, or in any file     synth.py   random models in real shapes

Formats know the shared files, the shared files know no format (but for `model_file` and `tokenizer_file`, which choose
one), and other rooms know neither's insides.
"""
