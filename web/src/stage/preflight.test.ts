import { expect, it } from 'vitest';
import type { DeskSeat, Fault, Preflight } from '../lib/types';
import { gradeOf, left, mayCheck, result, running } from './preflight';

const check = (changes: Partial<Preflight> = {}): Preflight => ({ step: 'done', ends_at: 100, grade: 'good', faults: [], at: 0, ...changes });
const seat = (changes: Partial<DeskSeat> = {}): DeskSeat => ({ id: 'a', name: 'Ada', role: 'speaker', account: null, on_air: false, muted: false, connected: 'connected', level: 0, speaking: false, health: null, ...changes });

it('counts down the seconds of a step and never below nothing', () => {
  expect([left(check(), 96.8), left(check(), 99.9), left(check(), 101)]).toEqual([4, 1, 0]);
  expect([running(check({ step: 'quiet', grade: null })), running(check()), running(null)]).toEqual([true, false, false]);
});

it.each<Fault>(['narrowband', 'clipping', 'noise', 'echo', 'loss', 'quiet', 'silent'])('has a cure for %s, for its owner and for the host', (fault) => {
  const poor = check({ grade: 'poor', faults: [fault] });
  expect(result(poor)).toMatchObject({ good: false, cures: [expect.stringMatching(/\.$/u)] });
  expect(gradeOf(seat({ preflight: poor }))).toMatchObject({ word: 'checked: poor', good: false, cure: expect.stringMatching(/\.$/u) as string });
});

it('says that a sound is good, and nothing before it was checked', () => {
  expect(result(check())).toEqual({ sentence: 'Your sound is good.', cures: [], good: true });
  expect(result(null)).toBeNull();
  expect(result(check({ step: 'listen', grade: null }))).toBeNull();
  expect(gradeOf(seat())).toEqual({ word: '', cure: '', good: true });
});

it('checks nobody who is heard, muted or not there, and says why', () => {
  expect(mayCheck(seat(), true)).toBe('');
  expect(mayCheck(seat({ on_air: true }), false)).toBe('');
  expect(mayCheck(seat({ on_air: true }), true)).toContain('go backstage');
  expect(mayCheck(seat({ muted: true }), false)).toContain('Unmute');
  expect(mayCheck(seat({ connected: 'connecting' }), false)).toContain('connected');
});
