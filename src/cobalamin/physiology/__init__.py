"""A mechanistic model of vitamin B12 under treatment: arrays in, arrays out; no person, no record.

`bodies.Bodies` and `courses.Courses` go into `simulate.simulate`; `regimen` reads words; `fit` asks what results say.
Nothing is imported here: the kernel brings Numba, and a page of help must not wait for it.
"""
