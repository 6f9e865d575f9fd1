"""More rows than one frame holds, or one machine: parts are read where they lie, what they say is merged.

``contract`` parts, back ends and mergeable statistics; ``serial`` the back end of one process; ``on_dask``
that of a Dask cluster (extra ``dask``); ``rows`` both versions as digests and labels; ``figures`` mergeable
statistics over all rows. A back end schedules; nothing else here knows where work runs, so that one for
Spark or Ray is one more file.
"""
