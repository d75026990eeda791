// What a key means to those who direct. Nothing dangerous by a single tap: what starts or ends the conversation is held. Pure.
import type { Desk } from '../lib/types';
import { dumpable, mySeat, nextStep, numbered } from './derive';

export type Meaning =
  | { do: 'go' | 'end'; hold: number }
  | { do: 'hold' | 'silence' | 'dump' | 'keys' | 'drop' }
  | { do: 'talk'; to: string[] }
  | { do: 'pick' | 'mute' | 'air'; seat: string };

const GO = 600; // ms
const END = 1000; // ms

/** `picked` is the seat a number chose a moment ago. Null: the key means nothing here. */
export function meaning(key: string, desk: Desk, picked: string | null): Meaning | null {
  const live = desk.state === 'live';
  if (key.toLowerCase() === 'd') return dumpable(desk) ? { do: 'dump' } : null;
  if (desk.state === 'ended') return null;
  switch (key.toLowerCase()) {
    case 'g':
      return nextStep(desk) === 'doors' || nextStep(desk) === 'live' ? { do: 'go', hold: GO } : null;
    case 'e':
      return live ? { do: 'end', hold: END } : null;
    case 'h':
      return live ? { do: 'hold' } : null;
    case 's':
      return live ? { do: 'silence' } : null;
    case 't':
      return { do: 'talk', to: picked ? [picked] : [] };
    case '?':
      return { do: 'keys' };
    case 'escape':
      return picked ? { do: 'drop' } : null;
    default:
      return ofSeat(key.toLowerCase(), desk, picked);
  }
}

function ofSeat(key: string, desk: Desk, picked: string | null): Meaning | null {
  const chosen = /^[1-9]$/u.test(key) ? numbered(desk)[Number(key) - 1] : undefined;
  if (chosen) return { do: 'pick', seat: chosen.id };
  if (!picked) return null;
  if (key === 'm') return { do: 'mute', seat: picked };
  return key === 'a' ? { do: 'air', seat: picked } : null;
}

/** The list behind "?": only what does something for this reader in this conversation. */
export function keyList(desk: Desk): [keys: string, does: string][] {
  const own = mySeat(desk)?.role !== 'producer';
  return [
    ['G', 'hold: open the doors, then go live'],
    ['E', 'hold for one second: end'],
    ['H', 'hold sound on and off'],
    ['S', 'silence is intended, or not'],
    ...(desk.delay ? ([['D', `dump the last ${desk.delay} seconds`]] as [string, string][]) : []),
    ['T', 'while held: talk to everybody on stage'],
    ['1 to 9', 'choose somebody by the number in the row, for five seconds'],
    ['then M', 'mute or unmute them, or let them be heard whom the stage silenced'],
    ['then A', 'put them on air or backstage'],
    ['then T', 'while held: talk to them alone'],
    ['Esc', 'choose nobody'],
    ...(own ? ([['M', 'with nobody chosen: mute or unmute yourself']] as [string, string][]) : []),
    ['?', 'this list'],
  ];
}
