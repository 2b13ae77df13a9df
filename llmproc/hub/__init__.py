"""Where models come from: Hugging Face's hub and its cache, Ollama's store, and how a name becomes a path.

    spelling.py    a text -> HubModel, OllamaModel, or None for a path                     pure
    catalogue.py   a dozen small models by short names                                     pure
    selection.py   names of a repository's files -> those that make a model, or the reason pure
    hub_cache.py   what is here already, in the cache that every Hugging Face program shares
    ollama.py      what is here already, in the store of a local Ollama
    hub_client.py  the hub, through the package huggingface_hub; its errors in our words
    transfer.py    one file: resumed where it stopped, checked by size and hash, put in place
    fetching.py    one model: which files, one after the other, into the cache or a folder
    finding.py     find_model(name) -> path: what is here goes first, then the hub

    find_model("HF://owner/name")  -> hub_cache -> (nothing there) fetching -> hub_client, transfer
    find_model("ollama:llama3.2")  -> ollama
    find_model("model.gguf")       -> that path

Used by every command that takes a model, by the Python API, and by `llmproc fetch`. Never in it: what a model file
means (`checkpoints`), or anything that is imported before it is needed: a start with a path loads none of this room
but `spelling`.

Ollama's own chat template is Go's and not Jinja, and its `params` (stop words, temperature) belong to its server:
neither is read. The template is the one inside the GGUF file, sampling is this program's.
"""
