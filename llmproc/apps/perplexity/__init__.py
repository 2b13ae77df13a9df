"""`llmproc perplexity`: how well a model predicts a text, in each type its weights may have."""
