"""Speed and memory: one patient, a population, and beside other tools."""
