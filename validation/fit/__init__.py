"""The fit on trial: bands on simulated people, what results add, and a long independent sampler beside it."""
