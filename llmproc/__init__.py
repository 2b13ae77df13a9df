"""llmproc: Llama-family language models on the CPU, and what the operating system sees of them."""
