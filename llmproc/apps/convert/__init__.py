"""`llmproc convert`: write a model in another format, with its tokenizer."""
