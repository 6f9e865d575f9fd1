"""What a trigger can look like."""
