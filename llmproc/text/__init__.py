"""Text to token ids and back. Runs in main; no Numba here.

tokenizers/           of tokenizer.bin, of Hugging Face folders, of GGUF files; streaming; what ends a text
templates/            messages to ids: built in, or Jinja that a model brings, with variables of the user's
reasoning.py          what stands between <think> and </think>, apart from the answer
generation_config.py  what a model's makers suggest for sampling: said, not done
small_file.py         a small untrusted file as a whole
"""
