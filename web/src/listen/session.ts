// What the phone's lock screen shows and presses, and the report every 30 s that counts this listener.
import { asked } from '../lib/audience';
import { count } from '../lib/times';
import type { Card } from '../lib/types';
import type { Player, Sound } from './player.svelte';

const EVERY = 30; // seconds
const GONE = new Set<Sound>(['off', 'blocked', 'paused', 'ended']);
const AGAIN = 10; // seconds after a report that reached nobody; one that was refused is not sent again, many may be

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

/** Tells the edge that somebody listens, at the first sound and every 30 s from then on, and when that ends; `oneIn` pages one is asked to. */
export function beacon(space: string, player: Player, oneIn: () => number): () => void {
  const session = sessionId();
  let last = -Infinity;
  let told = 0; // stalls
  const say = (left: boolean): void => {
    const { stalls, sound } = player;
    const body = JSON.stringify({ session, stalls: Math.max(stalls - told, Number(sound === 'waiting')), buffer: buffered(player.audio), left });
    const headers = { 'content-type': 'application/json' };
    fetch(`/spaces/${encodeURIComponent(space)}/beacon`, { method: 'POST', keepalive: true, headers, body }).then(
      ({ ok }) => (told = ok ? stalls : told),
      () => (last = Math.min(last, performance.now() / 1000 - EVERY + AGAIN)),
    );
  };
  const leave = (): void => {
    if (last > -Infinity) say(true);
    last = -Infinity;
  };
  const timer = setInterval(() => {
    const at = performance.now() / 1000;
    if (player.source !== 'live' || GONE.has(player.sound)) return leave();
    if (player.sound === 'starting' || at - last < EVERY || !asked(session, oneIn())) return;
    last = at;
    say(false);
  }, 1000);
  addEventListener('pagehide', leave);
  return () => {
    clearInterval(timer);
    removeEventListener('pagehide', leave);
  };
}

function buffered(audio: HTMLAudioElement): number {
  const ranges = audio.buffered;
  return ranges.length ? Math.max(0, Math.round((ranges.end(ranges.length - 1) - audio.currentTime) * 10) / 10) : 0;
}
