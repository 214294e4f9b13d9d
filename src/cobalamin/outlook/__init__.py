"""One person and the model: whether it may speak, what it knows of them, what it expects.

Nothing is imported here: `expect` and `fit_person` bring the kernel, and a page of help must not wait for it.
"""
