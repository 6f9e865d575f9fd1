"""Hooks into training engines. Nothing here imports an engine by itself."""
