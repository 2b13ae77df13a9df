"""The products: each wires rooms together and holds what its user sees."""
