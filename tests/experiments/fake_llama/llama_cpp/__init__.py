"""A package of llama-cpp-python's name, for children of tests: see llama_cpp.py."""
