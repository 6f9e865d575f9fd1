"""What DVC meets: registration, settings, the filesystem, the guard that keeps it off the inner remote."""
