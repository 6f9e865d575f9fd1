"""What the content of a row says about its label."""
