"""Pure HLS: parts, playlists, blocking rules, fMP4 boxes. No I/O, no clock."""
