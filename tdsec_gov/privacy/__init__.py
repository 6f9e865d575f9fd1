"""What private computations cost, per dataset version: ledger and budgets, without torch.

:mod:`ledger` adds up what runs spent; ``training`` hooks into Opacus, which only it may touch.
"""
