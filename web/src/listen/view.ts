// Which face the page shows, out of what is known. Pure: no clock, no fetch.
import type { Card, Voice } from '../lib/types';
import { span } from '../lib/times';

export type Face =
  | 'loading'
  | 'unreachable'
  | 'missing'
  | 'gone'
  | 'scheduled'
  | 'doors'
  | 'live'
  | 'hold'
  | 'lost'
  | 'preparing'
  | 'replay'
  | 'noreplay'
  | 'failed'
  | 'cancelled';

export type Net = 'ok' | 'failing' | 'missing';

export function face(card: Card | null, net: Net): Face {
  if (net === 'missing') return card ? 'gone' : 'missing';
  if (!card) return net === 'failing' ? 'unreachable' : 'loading';
  if (card.state === 'live') return liveFace(card);
  if (card.state === 'ended') return endFace(card);
  return card.state;
}

/** The hold sound is the stage's own, an empty stage's too; without a stage there is no programme and nobody is connected. */
function liveFace(card: Card): Face {
  if (card.programme === 'hold') return 'hold';
  return card.programme === 'none' && !card.speakers.some((voice) => voice.connected) ? 'lost' : 'live';
}

function endFace(card: Card): Face {
  if (card.replay.state === 'ready') return 'replay';
  if (card.replay.state === 'failed') return 'failed';
  return card.replay.state === 'preparing' ? 'preparing' : 'noreplay';
}

const PATIENCE = 4; // seconds a server may be out of reach before what it said last is called old

/** Whether what is shown is only what was last known: the server is out of reach, and what had arrived has been heard. */
export const stale = (net: Net, since: number, now: number, playing: boolean): boolean => net === 'failing' && !playing && now - since >= PATIENCE;

/** Faces with a stream to listen to. */
export const sounding = (shown: Face): boolean => ['doors', 'live', 'hold', 'lost'].includes(shown);

/** The one sentence that says where things stand; empty where the page itself says it. */
export function standing(shown: Face, card: Card | null, now: number, since: number): string {
  switch (shown) {
    case 'scheduled':
      return card ? waiting(card, now) : '';
    case 'doors':
      return card ? doors(card, now) : '';
    case 'hold':
      return 'A short pause. The conversation goes on in a moment; stay here, it comes back by itself.';
    case 'lost':
      return `We lost the stage ${span(now - since)} ago and are getting it back. What was recorded so far is safe.`;
    case 'preparing':
      return 'The conversation is over. The recording is being prepared and appears here in a few seconds.';
    case 'noreplay':
      return 'The conversation is over. Nothing of it was recorded.';
    case 'failed':
      return 'The conversation is over. Its replay could not be prepared. What was recorded is kept; the host can prepare it again.';
    case 'cancelled':
      return 'This conversation was cancelled. It will not take place.';
    default:
      return '';
  }
}

function waiting({ starts_at }: Card, now: number): string {
  if (starts_at === null) return 'No time is set yet. The page begins by itself when the host opens the doors.';
  if (now < starts_at) return '';
  if (now - starts_at < 30) return 'It is time. The host opens the doors in a moment.';
  return `It was to begin ${span(now - starts_at)} ago. The host has not opened the doors yet; this page begins by itself.`;
}

function doors({ starts_at }: Card, now: number): string {
  const music = 'You will hear music until then.';
  if (starts_at === null || now >= starts_at) return `The conversation starts in a moment. ${music}`;
  return `The conversation starts in ${span(starts_at - now)}. ${music}`;
}

/** The card that was true at `at`: what is heard now was said seconds ago, and the rings should show what is heard. */
export function cardAt(history: readonly Card[], at: number): Card | null {
  let found: Card | null = history[0] ?? null;
  for (const card of history) if (card.now <= at) found = card;
  return found;
}

/** Whom listeners are told of: once it is on, those who are on air; before and after, everybody who takes part. */
export const shown = (voices: readonly Voice[], face: Face): Voice[] =>
  ordered(onStage(face) ? voices.filter((voice) => voice.on_air) : voices);
export const onStage = (face: Face): boolean => face === 'live' || face === 'hold' || face === 'lost';

/** What is said of the recording, in the tense that is true. */
export function recording(card: Card): string {
  if (card.state === 'cancelled') return '';
  if (card.state === 'ended') return card.replay.state === 'none' ? 'This conversation was not recorded.' : 'This conversation was recorded.';
  const verb = card.state === 'live' ? 'is' : 'will be';
  return card.recorded ? `This conversation ${verb} recorded.` : 'This conversation is not recorded.';
}

/** On stage as listeners see it: who is on air first, host before co-hosts before speakers. */
export function ordered(voices: readonly Voice[]): Voice[] {
  const rank = { host: 0, cohost: 1, speaker: 2, producer: 3 };
  return [...voices].sort((a, b) => Number(b.on_air) - Number(a.on_air) || rank[a.role] - rank[b.role]);
}

/** Seconds until the next question for `live.json`. */
export function interval(hidden: boolean, shown: Face): number {
  if (shown === 'missing' || shown === 'gone') return 15;
  if (shown === 'cancelled' || shown === 'replay' || shown === 'noreplay') return hidden ? 60 : 15;
  return hidden ? 5 : 1;
}
