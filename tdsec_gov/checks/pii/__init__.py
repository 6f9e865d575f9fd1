"""Personal data and secrets in tables, text and photographs, told by kind and count, never by value.

Two facts per column: it *is* a kind (nearly all values are one) and it *contains* a kind (some free
text does). RE2 patterns find candidates in all values, exact validators judge them; where a batch has more
candidates than a bound, those judged are spread over it and the count is told as "about".
:func:`tdsec_gov.checks.pii.spans.find_spans` is the same judgement for one text.
"""
