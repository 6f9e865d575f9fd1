"""How much would have been caught: seeded attacks on a user's own accepted rows."""
