"""The model of B12 in the body beside published trials, known facts, the survey and an independent solver."""
