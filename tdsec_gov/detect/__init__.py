"""Estimators of poisoning: arrays in, scores and calibrated p-values out. Knows no files and no policies.

``contract``    what a detector is and what it answers
``data``        rows of two versions as columns, labels and contents; what changed between them
``statistics``  exact tests, combinations, multiplicity
``models``      what the content of a row says about its label
``items``       what a trigger can look like
``detectors``   one file, one detector
``suite``       which detectors run on what, and the report they make together
"""
