"""What may go in and out: rooms, and who vouches for an object in them."""
