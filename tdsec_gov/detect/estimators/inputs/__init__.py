"""From what notebooks hold to columns and labels."""
