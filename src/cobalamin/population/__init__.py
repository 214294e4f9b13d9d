"""Virtual practices: people with a known truth, from the physiology and from rates, written as records of any format.

Nothing is imported here: a page of help must not wait for NumPy.
"""
