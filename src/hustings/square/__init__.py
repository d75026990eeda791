"""Accounts and how people prove that one is theirs."""
