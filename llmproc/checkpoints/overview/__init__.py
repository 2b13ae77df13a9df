"""What is in a model, without loading it: the facts behind `llmproc show`.

tensors.py     types and bytes, tensor by tensor        tokenizers.py   the tokenizer that it brings, and its kind
unreadable.py  one that does not open, as far as it can be read
"""
