"""The sample conversation: two voices of our own that speak through the front door like anybody else.

Its floor is between the API and the server: it knows public addresses and one internal one, and nothing inside.
"""
