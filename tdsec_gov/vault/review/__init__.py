"""Review requests: a version that is not accepted yet, shown to exactly those who may decide about it."""
