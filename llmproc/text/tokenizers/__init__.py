"""Tokenizers: text to ids and back, read from untrusted files.

contract.py   what every tokenizer can do              ends.py   the ids that end a text: the one list, the one reading
tokenizer.py, vocabulary.py, sidecar.py, specials.py, c_encoding.py, merge.py, units.py          tokenizer.bin
folder.py, folder_files.py, tokenizer_json.py, decoding.py                           a folder of Hugging Face's
gguf.py, gguf_vocabulary.py, gguf_pre.py, sentencepiece.py                           the vocabulary in a GGUF file
pieces.py, library.py, pipeline.py, byte_alphabet.py   shared by the last two        streaming.py   text as it comes

`checkpoints/tokenizer_file.py` chooses among them.
"""
