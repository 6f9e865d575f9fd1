"""Pickles, read opcode by opcode: is it one, and does it do more than build plain data? Nothing is loaded."""
