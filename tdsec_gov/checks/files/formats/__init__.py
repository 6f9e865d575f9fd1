"""Formats told by their content: programs, scripts, serialized objects, models, documents, images."""
