"""What the people who run an installation look at. It reads; it changes nothing."""
