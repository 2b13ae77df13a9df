"""Text to token ids and back: tokenizer.bin, its sidecar, chat templates, streaming. Runs in main; no Numba here."""
