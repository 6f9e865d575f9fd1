"""Images, sound and text by themselves: do they decode, are they what they say, and do they end there."""
