"""The stages of git that the gate has a hook for, in the order in which git comes to them."""

STAGES = ("pre-commit", "pre-merge-commit", "prepare-commit-msg", "pre-push", "post-checkout")
