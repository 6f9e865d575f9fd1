"""Schema: tables hold what policies/schemas says, and look about like the last accepted version.

The way of one file: ``frames`` decodes it strictly (pyarrow) and makes a lazy frame of it, ``texttypes``
gives text the types that the schema means, ``engine`` runs pandera where nothing can switch it off,
``unique`` looks for repetitions; what is found is a list of ``Failure`` that :mod:`check` turns into
findings. ``drift``, ``categories`` and ``fresh`` compare with the last accepted version and the clock.
"""
