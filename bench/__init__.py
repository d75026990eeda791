"""What prints the figures in the README. Each module here is one benchmark with a `main() -> int` of its own."""
