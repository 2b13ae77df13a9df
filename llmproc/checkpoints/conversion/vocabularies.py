"""The tokenizer of a model in any format, as the vocabulary of a GGUF file. Used by the targets.

A GGUF file and a Hugging Face folder bring one; of a llama2.c file it is the tokenizer.bin that is named, which takes
the place of a model's own, too.
"""

from __future__ import annotations

from pathlib import Path

from llmproc.checkpoints.gguf.model_file import GgufFile
from llmproc.checkpoints.huggingface.model_file import HuggingFaceFolder
from llmproc.checkpoints.model_file import ModelFile
from llmproc.errors import TokenizerError, require_package
from llmproc.text.tokenizers.gguf_from_bin import WrittenVocabulary, vocabulary_from_bin
from llmproc.text.tokenizers.gguf_vocabulary import read_gguf_vocabulary


def vocabulary_of(model: ModelFile, tokenizer: Path | None) -> WrittenVocabulary:
    """Return the vocabulary of `tokenizer` (a tokenizer.bin), else the model's own. TokenizerError without either."""
    count = model.description.vocab_size
    if tokenizer is not None:
        return vocabulary_from_bin(tokenizer, count)
    if isinstance(model, GgufFile):
        return WrittenVocabulary(read_gguf_vocabulary(model.path, model.metadata, count))
    if isinstance(model, HuggingFaceFolder):
        require_package("tokenizers")
        from llmproc.text.tokenizers.gguf_from_folder import vocabulary_from_folder  # needs the library

        return vocabulary_from_folder(model.path, count)
    raise TokenizerError(model.path, "tokenizer", "missing", "must be named by --tokenizer: the format holds none")
