import { describe, expect, it } from 'vitest';
import type { Alarm, Desk, DeskSeat } from '../lib/types';
import { fine, heardLine, warning, warnings } from './alarms';

const CHI: DeskSeat = { id: 'c', name: 'Chi', role: 'speaker', account: null, on_air: true, muted: false, connected: 'connected', level: 0, speaking: false, health: null };
const desk = (changes: Partial<Desk> = {}, chi: Partial<DeskSeat> = {}): Desk => ({
  at: 100, revision: 1, state: 'live', programme: 'conversation', title: 'T', live_at: 0, doors_at: 0, starts_at: null, recording: true,
  you: 'p', may_direct: true, programme_level: 0, seats: [{ ...CHI, ...chi }], ...changes,
});
const alarm = (code: string, part: Alarm['part'] = 'seat', changes: Partial<Alarm> = {}): Alarm => ({ code, part, seat: part === 'seat' ? 'c' : null, where: '', since: 0, ...changes });

describe('an alarm', () => {
  it.each(['narrowband', 'dead', 'clipping', 'echo', 'loss', 'absent', 'forgotten', 'aside'])('of a seat (%s) names who, what and what to do', (code) => {
    const { part, what, cure } = warning(alarm(code), desk());
    expect(part).toBe('Chi');
    expect(what).not.toContain('has a fault');
    expect(cure).toMatch(/\.$/u);
  });
  it('that one press can end offers the press, until it was pressed', () => {
    expect(warning(alarm('echo'), desk()).mutes?.id).toBe('c');
    expect(warning(alarm('echo'), desk({}, { muted: true })).mutes).toBeNull();
    expect(warning(alarm('echo'), desk({}, { silenced: 'echo' })).mutes).toBeNull();
    expect(warning(alarm('loss'), desk()).mutes).toBeNull();
  });
  it('of a seat that the stage silenced offers to let it be heard, and of one that only echoes does not', () => {
    expect(warning(alarm('echo'), desk({}, { silenced: 'echo' })).frees?.id).toBe('c');
    expect(warning(alarm('echo'), desk()).frees).toBeUndefined();
  });
  it('of a part names the part, and where it is', () => {
    const edge = warning(alarm('silence', 'edge', { where: 'https://west.example/' }), desk());
    expect([edge.part, edge.what]).toEqual(['Edge, at west.example', 'The listeners hear nothing.']);
    expect(warning(alarm('late', 'packager'), desk()).part).toBe('Packager');
    expect(warning(alarm('disk_full', 'recording'), desk()).what).toBe('The disk is full.');
    expect(warning(alarm('silent', 'monitor'), desk())).toMatchObject({ part: 'Monitor', what: expect.stringContaining('fallen silent') });
  });
  it('of a seat nobody can name is told as the listeners have it', () => {
    const { part, what } = warning(alarm('silence', 'seat', { seat: null }), desk());
    expect(`${part} ${what}`).toBe('Somebody on air cannot be heard well. The listeners hear nothing.');
  });
  it('of a kind this page does not know is told all the same', () => {
    expect(warning(alarm('new'), desk()).what).toBe('has a fault.');
    expect(warning(alarm('new', 'mixer'), desk()).what).toBe('Something is wrong with it.');
    expect(warning(alarm('echo', 'seat', { seat: 'gone' }), desk()).part).toBe('Seat');
  });
});

it('tells a silence on air once, as long as it lasts, and not one that is meant', () => {
  const silent = { dead_air: 4 };
  const codes = (changes: Partial<Desk>) => warnings(desk(changes)).map(({ part }) => part);
  expect(codes(silent)).toEqual(['Programme']);
  expect(codes({ ...silent, alarms: [alarm('dead_air')] })).toEqual(['Programme']);
  expect(codes({ dead_air: 0, alarms: [alarm('dead_air')] })).toEqual([]);
  expect(codes({ ...silent, silence_intended: true })).toEqual([]);
  expect(codes({ ...silent, hold: true })).toEqual([]);
});

it('keeps the order in which alarms came, with a key each', () => {
  const list = warnings(desk({ alarms: [alarm('echo'), alarm('echo', 'seat', { seat: 'd' }), alarm('late', 'edge', { where: 'http://a' })] }));
  expect(new Set(list.map(({ key }) => key)).size).toBe(3);
  expect(list.map(({ part }) => part)).toEqual(['Chi', 'Seat', 'Edge, at a']);
});

it('says what listeners hear, whose fault it is, and when that is old', () => {
  const at = { edge: 'http://a', age: 2 };
  expect(heardLine({ ...at, fault: null, what: '' })).toBe('As it should be.');
  expect(heardLine({ ...at, fault: 'packager', what: 'narrow' })).toBe('The listeners hear it muffled. The fault is in the packager.');
  expect(heardLine({ ...at, fault: null, what: '', age: 40 })).toContain('40 s ago');
});

it('calls fine only what somebody looked at', () => {
  expect(fine(desk())).toEqual(['Seats: the one that is here is fine', 'Recording: running']);
  expect(fine(desk({}, { silenced: 'echo' }))).toEqual(['Recording: running']);
  expect(fine(desk({ heard: [{ edge: 'http://a', fault: null, what: '', age: 1 }] }))).toContain('Mixer: fine');
  expect(fine(desk({ alarms: [alarm('echo'), alarm('disk_full', 'recording')] }))).toEqual([]);
});
