"""Clinical cases with known conclusions beside the program's answers."""
