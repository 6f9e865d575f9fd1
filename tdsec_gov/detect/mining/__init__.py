"""Items that go with a label: against an accepted version, and without one."""
