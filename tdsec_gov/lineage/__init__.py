"""Which data a run used: verify it before the first batch, sign what was used, show it in MLflow.

:mod:`used` finds which data a run uses, :mod:`workspace` hashes the files it will read,
:mod:`examine` holds both against the signed verdicts, :mod:`recorder` writes start and end into the
audit log and the signed record, :mod:`plugin` and :mod:`store` are where MLflow calls us.
"""
