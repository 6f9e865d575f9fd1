"""Detection of poison beside other tools: ``python -m bench.detection --help``."""
