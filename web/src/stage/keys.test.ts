import { describe, expect, it } from 'vitest';
import type { Desk, DeskSeat } from '../lib/types';
import { keyList, meaning } from './keys';

const seat = (id: string, role: DeskSeat['role'] = 'speaker'): DeskSeat => ({ id, name: id, role, account: null, on_air: true, muted: false, connected: 'connected', level: 0, speaking: false, health: null });
const desk = (changes: Partial<Desk> = {}): Desk => ({
  at: 0, revision: 1, state: 'live', programme: 'conversation', title: 'T', live_at: 0, doors_at: 0, starts_at: null, recording: true,
  you: 'p', may_direct: true, programme_level: 0, seats: [seat('p', 'producer'), seat('a', 'host'), seat('b')], ...changes,
});

describe('a key', () => {
  it('starts only while it is held, and never ends what is live', () => {
    expect(meaning('g', desk({ state: 'scheduled' }), null)).toEqual({ do: 'go', hold: 600 });
    expect(meaning('G', desk({ state: 'doors' }), null)).toEqual({ do: 'go', hold: 600 });
    expect(meaning('g', desk(), null)).toBeNull();
    expect(meaning('e', desk(), null)).toEqual({ do: 'end', hold: 1000 });
    expect(meaning('e', desk({ state: 'doors' }), null)).toBeNull();
  });
  it.each([['h', 'hold'], ['s', 'silence']])('%s means %s while live', (key, what) => {
    expect(meaning(key, desk(), null)).toEqual({ do: what });
    expect(meaning(key, desk({ state: 'doors' }), null)).toBeNull();
  });
  it('dumps only where there is a delay', () => {
    expect(meaning('d', desk({ delay: 7 }), null)).toEqual({ do: 'dump' });
    expect(meaning('d', desk({ delay: 0 }), null)).toBeNull();
    expect(meaning('d', desk({ delay: 7, state: 'doors' }), null)).toBeNull();
  });
  it('dumps the last words after the end, as long as they go out, and does nothing else then', () => {
    const over = { delay: 7, state: 'ended' as const };
    expect(meaning('d', desk({ ...over, programme: 'conversation' }), null)).toEqual({ do: 'dump' });
    expect(meaning('d', desk({ ...over, programme: 'end' }), null)).toBeNull();
    expect(meaning('d', desk({ ...over, may_direct: false }), null)).toBeNull();
    expect(['t', 'h', 'e', '1', '?'].map((key) => meaning(key, desk(over), 'b'))).toEqual([null, null, null, null, null]);
  });
  it('talks to everybody, or to whom a number chose', () => {
    expect(meaning('t', desk(), null)).toEqual({ do: 'talk', to: [] });
    expect(meaning('t', desk(), 'b')).toEqual({ do: 'talk', to: ['b'] });
  });
  it('chooses by the number in the row, which no producer has', () => {
    expect(meaning('1', desk(), null)).toEqual({ do: 'pick', seat: 'a' });
    expect(meaning('2', desk(), 'a')).toEqual({ do: 'pick', seat: 'b' });
    expect(meaning('3', desk(), null)).toBeNull();
    expect(meaning('0', desk(), null)).toBeNull();
  });
  it('mutes and airs only whom a number chose', () => {
    expect(meaning('m', desk(), 'b')).toEqual({ do: 'mute', seat: 'b' });
    expect(meaning('a', desk(), 'b')).toEqual({ do: 'air', seat: 'b' });
    expect([meaning('m', desk(), null), meaning('a', desk(), null)]).toEqual([null, null]);
  });
  it('is listed only where it does something', () => {
    const keys = (changes: Partial<Desk>) => keyList(desk(changes)).map(([key]) => key);
    expect(keys({ delay: 7 })).toContain('D');
    expect(keys({})).not.toContain('D');
  });
});
