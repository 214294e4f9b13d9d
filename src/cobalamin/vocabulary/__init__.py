"""What a record can say: concepts, codes, everyday words, tests and results, as CSV files and their loaders."""
