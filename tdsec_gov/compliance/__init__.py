"""Reports and evidence: reads everything, is read by nobody but the command line.

A walk through the room: ``values`` are the frozen facts of a report; ``facts`` gathers them from
``events`` (what the audit log says of one dataset), ``history`` (which versions git has seen, and
whether a verdict covers them), ``versions`` (the signed verdicts) and ``documented`` (the three
checks). ``logcheck`` verifies the log before anything is believed. ``text``, ``jsonout`` and ``html``
show the same facts to different readers.

A report is evidence for somebody else's judgement. It never says that a law is complied with.
"""
