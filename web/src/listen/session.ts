// What the phone's lock screen shows and presses, and the 30 s beacon that counts this listener.
import { count } from '../lib/times';
import type { Card } from '../lib/types';
import type { Player } from './player.svelte';

const EVERY = 30; // seconds

export function lockScreen(card: Card, player: Player): void {
  if (!('mediaSession' in navigator)) return;
  const media = navigator.mediaSession;
  media.metadata = new MediaMetadata({ title: card.title, artist: card.host.display_name, album: card.state === 'ended' ? 'Replay' : `Live, ${count(card.listening)} listening` });
  media.playbackState = player.sound === 'playing' ? 'playing' : 'paused';
  const replay = player.source === 'replay';
  handle('play', () => void player.play());
  handle('pause', () => player.pause());
  handle('seekbackward', replay ? () => player.seek(player.at - 15) : null);
  handle('seekforward', replay ? () => player.seek(player.at + 30) : null);
  handle('seekto', replay ? (details) => player.seek(details.seekTime ?? player.at) : null);
}

function handle(action: MediaSessionAction, act: MediaSessionActionHandler | null): void {
  try {
    navigator.mediaSession.setActionHandler(action, act);
  } catch {
    // an action this browser does not know
  }
}

/** A random id for this page view; it names no one and is kept nowhere. */
function sessionId(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** Tells the edge that somebody listens, at the first sound and every 30 s of sound after it. */
export function beacon(space: string, player: Player): () => void {
  const session = sessionId();
  let last = -Infinity;
  const timer = setInterval(() => {
    const at = performance.now() / 1000;
    if (player.source !== 'live' || player.sound !== 'playing' || at - last < EVERY) return;
    last = at;
    void fetch(`/spaces/${encodeURIComponent(space)}/beacon`, {
      method: 'POST',
      keepalive: true,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ session, stalls: player.stalls, buffer: buffered(player.audio) }),
    }).catch(() => undefined);
  }, 1000);
  return () => clearInterval(timer);
}

function buffered(audio: HTMLAudioElement): number {
  const ranges = audio.buffered;
  return ranges.length ? Math.max(0, Math.round((ranges.end(ranges.length - 1) - audio.currentTime) * 10) / 10) : 0;
}
