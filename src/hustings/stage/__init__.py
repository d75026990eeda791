"""Where speakers' audio meets: peers, Opus, the mixer's loop. It never touches the store and serves no listener."""
