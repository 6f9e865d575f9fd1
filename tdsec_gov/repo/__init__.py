"""git and DVC as we read them: pointers, staged and pushed outputs, cache objects. Never writes data."""
