"""A model from one format into another: the same numbers, or the nearest that the wanted weight type has.

    open_model(path) --> tensors, one at a time --> rows of q and k reordered --> the target's types --> one new file
                     --> vocabulary and template ------------------------------------------------> into it, or beside it

tensors.py       one tensor of any format at a time     vocabularies.py    the tokenizer of any format, as GGUF has it
gguf_target.py   a GGUF file                            llama2c_target.py  a file of llama2.c, tokenizer.bin beside it

Used by `llmproc convert`. What the target cannot express is refused by name, before anything is written.
"""
