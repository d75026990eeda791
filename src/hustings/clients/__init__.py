"""A real WHIP speaker and a real HLS listener: what the command line, the sample and rehearsals speak and hear with.

They enter by the front door, as strangers do, and know nothing of the server but its public addresses.
"""
