"""Real servers on loopback that a vault's inner remote can lie on, each started by a context manager.

``with sshd(folder) as server:`` and the like yield a :class:`servers.place.Server`. A server that cannot
be had here skips the test with a reason, which pytest counts.
"""

import pytest

pytest.register_assert_rewrite("servers.contract")
