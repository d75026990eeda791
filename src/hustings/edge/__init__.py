"""The front door: what listeners talk to. Holds the live window, the pages and the way to the other roles."""
