// The ten seconds in which a speaker's sound is checked: what to do meanwhile, and what they found, in plain words. Pure.
import type { DeskSeat, Fault, Grade, Preflight, PreflightStep } from '../lib/types';

export const SENTENCE = 'The ferry leaves at six; bring bread, a lamp, and something to say to the captain.';

export const STEPS: readonly { step: PreflightStep; title: string; words: string }[] = [
  { step: 'speak', title: 'Speak', words: 'Say this, as loud as you will speak:' },
  { step: 'quiet', title: 'Be silent', words: 'Say nothing, and let the room be as it is.' },
  { step: 'listen', title: 'Listen', words: 'You hear a short sound; nobody else does. Stay silent.' },
];

const FAULTS: Record<Fault, [cure: string, others: string]> = {
  silent: ['We heard nothing. Is the microphone switched off, at its cable or its key? Otherwise choose another one.', 'Nothing heard: another microphone.'],
  quiet: ['You are too quiet. Come closer, or turn the microphone up.', 'Too quiet: come closer.'],
  clipping: ['You are too loud and distort. Move back a little, or turn the microphone down.', 'Too loud: more distance.'],
  narrowband: ['You sound as by phone. Use another microphone, or leave Bluetooth.', 'Phone sound: no Bluetooth.'],
  noise: ['There is noise around you. Close the window, or come closer to the microphone.', 'Noise: a quieter room.'],
  echo: ['The others would hear themselves from your loudspeaker. Use headphones.', 'Echo: headphones.'],
  loss: ['Your network loses sound. Use a cable, or come nearer to the access point.', 'Losses: a network cable.'],
};
const GRADES: Record<Grade, string> = { good: 'Your sound is good.', fair: 'Your sound is fair. One can follow you; it can be better.', poor: 'Your sound is poor. People will have trouble following you.' };

type Running = Preflight & { step: Exclude<PreflightStep, 'done'> };
/** Something to do in every second that is checked; null before and after. */
export const running = (check: Preflight | null | undefined): check is Running => !!check && check.step !== 'done';

/** Seconds that the present step still has, as they are counted down. */
export const left = (check: Preflight, now: number): number => Math.max(0, Math.ceil(check.ends_at - now));

export interface Result {
  sentence: string;
  cures: string[];
  good: boolean;
}

/** What was found, as told to whoever was checked. */
export function result(check: Preflight | null | undefined): Result | null {
  if (!check || check.step !== 'done') return null;
  if (check.grade === null) return { sentence: 'The check was broken off. Run it again.', cures: [], good: false };
  return { sentence: GRADES[check.grade], cures: check.faults.map((fault) => FAULTS[fault]?.[0] ?? 'Something is wrong with your sound.'), good: check.grade === 'good' };
}

export interface Told {
  word: string;
  cure: string;
  good: boolean;
}

/** Somebody else's grade for their row, with the cures, the worst first as they came; empty when nothing was checked. */
export function gradeOf(seat: DeskSeat): Told {
  const check = seat.preflight;
  if (running(check)) return { word: 'checking their sound', cure: '', good: true };
  if (!check?.grade) return { word: '', cure: '', good: true };
  return { word: `checked: ${check.grade}`, cure: check.faults.map((fault) => FAULTS[fault]?.[1] ?? '').filter(Boolean).join(' '), good: check.grade === 'good' };
}

/** Whether somebody may be checked: not while everybody hears them. */
export function mayCheck(seat: DeskSeat, live: boolean): string {
  if (live && seat.on_air) return 'You are on air: go backstage to check your sound.';
  if (seat.muted) return 'Unmute first: the check listens to you.';
  return seat.connected === 'connected' ? '' : 'As soon as your sound is connected.';
}
