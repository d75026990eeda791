"""From the mixer's blocks to what goes out and what is kept: encoder, packager, feed, recorder, replay."""
