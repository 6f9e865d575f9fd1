"""Personal data and secrets in tables and text, told by kind and count, never by value.

Two facts per column: it *is* a kind (nearly all values are one) and it *contains* a kind (some free
text does). RE2 patterns find candidates in all values, exact validators judge up to 1,000 distinct ones.
"""
