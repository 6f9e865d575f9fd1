"""Parse, call one function of one room, print, map error to exit code."""
