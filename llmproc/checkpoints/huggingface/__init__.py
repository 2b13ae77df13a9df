"""Models as Hugging Face's transformers writes them: a folder with config.json and safetensors files.

config.py       config.json, its defaults by model type         rope.py     the rotary embedding in it
safetensors.py  the header of one file of weights                shards.py   which files of a folder count
describing.py   all of it as a ModelDescription                  loading.py  the weights    model_file.py  the way in
"""
