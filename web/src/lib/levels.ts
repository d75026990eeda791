// Levels as eyes and words take them in. Pure.

/** The ring's next height: 60 ms up, 300 ms down. `dt` in seconds. */
export function follow(shown: number, level: number, dt: number): number {
  const time = level > shown ? 0.06 : 0.3;
  return shown + (level - shown) * (1 - Math.exp(-dt / time));
}

/** Root mean square of samples, 0..1. */
export function rms(samples: Float32Array): number {
  let sum = 0;
  for (const s of samples) sum += s * s;
  return samples.length ? Math.sqrt(sum / samples.length) : 0;
}

export const decibels = (amplitude: number): number => 20 * Math.log10(Math.max(amplitude, 1e-6));

/** -60 dB → 0, 0 dB → 1: what a meter shows. */
export const meter = (amplitude: number): number => Math.min(1, Math.max(0, (decibels(amplitude) + 60) / 60));

export type MicVerdict = 'silent' | 'too quiet' | 'good' | 'clipping';

export interface MicStats {
  /** Loudest 50 ms of the last few seconds, as an amplitude. */
  loudest: number;
  /** How many of the last seconds' samples were at full scale. */
  clipped: number;
}

export function micVerdict({ loudest, clipped }: MicStats): MicVerdict {
  if (clipped > 8) return 'clipping';
  const db = decibels(loudest);
  if (db < -60) return 'silent';
  return db < -38 ? 'too quiet' : 'good';
}

const ADVICE: Record<MicVerdict, string> = {
  silent: 'No sound from this microphone. Say something; if it stays like this, choose another one.',
  'too quiet': 'Too quiet. Come closer, or turn the microphone up.',
  good: 'Good. This is how loud you should be.',
  clipping: 'Clipping: it is too loud and distorts. Move back a little, or turn the microphone down.',
};
export const micAdvice = (verdict: MicVerdict): string => ADVICE[verdict];
