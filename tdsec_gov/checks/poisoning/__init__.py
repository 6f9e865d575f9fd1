"""Poisoning detectors: they compare a dataset version with the last accepted one.

``labels``   LabelIssues (TDS410-TDS429): exact row difference, conformal test of the new labels,
             confident learning where there is nothing to compare with.
``triggers`` Triggers (TDS430-TDS449): values that burst together with a label.

Below them, one idea per file: ``settings`` (parameters), ``rows`` (files -> rows), ``diff`` (what is
new), ``columns`` and ``context`` (content -> label model), ``conformal``, ``confident``, ``items``
(what a trigger can look like), ``burst`` (with a reference), ``mine`` (without one).
"""
