"""Text that misleads people, spreadsheets, parsers or models."""
