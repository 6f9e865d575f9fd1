"""Figures over all rows of a version that are merged from figures over parts.

``measure`` runs any of them over parts; ``labels`` label counts; ``heavy`` the frequent values of each column
by label; ``moments`` means and covariances by class; ``quantiles`` a sketch of each number column;
``kernel`` a mean embedding by random features, from which the distance of two versions (MMD) follows.
"""
