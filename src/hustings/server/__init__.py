"""The only folder that builds things: one module a role, the supervisor over them, and `serve` before both."""
