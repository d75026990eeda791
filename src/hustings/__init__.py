"""Hustings: live conversations that start on time, and the square around them."""

__version__ = "0.1.0"
