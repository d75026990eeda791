import { describe, expect, it } from 'vitest';
import type { Card, Voice } from '../lib/types';
import { cardAt, face, interval, ordered, recording, shown, sounding, stale, standing } from './view';

const VOICE: Voice = { seat: 's', name: 'Ada', role: 'host', on_air: true, muted: false, connected: true, speaking: false, level: 0 };
const CARD: Card = {
  id: 'x', title: 'T', description: '', state: 'scheduled', programme: 'none', host: { display_name: 'Ada', account: null }, now: 1000,
  starts_at: 1240, doors_at: null, live_at: null, ended_at: null, speakers: [], listening: 0, recorded: true, sample: false,
  replay: { state: 'none', duration: 0, trim_start: true },
  audience: { listening: 0, estimated: 0, peak: 0, unique: 0, stalled: 0, stalled_share: 0, one_in: 1, within: 45 },
};
const card = (changes: Partial<Card>): Card => ({ ...CARD, ...changes });
const replay = (state: Card['replay']['state']): Card['replay'] => ({ ...CARD.replay, state });

describe('the face', () => {
  it.each<[string, Parameters<typeof face>, string]>([
    ['nothing known', [null, 'ok'], 'loading'],
    ['nothing known and no answer', [null, 'failing'], 'unreachable'],
    ['never there', [null, 'missing'], 'missing'],
    ['there and then removed', [CARD, 'missing'], 'gone'],
    ['announced', [CARD, 'ok'], 'scheduled'],
    ['known, and the server away', [CARD, 'failing'], 'scheduled'],
    ['doors', [card({ state: 'doors', programme: 'preshow' }), 'ok'], 'doors'],
    ['talking', [card({ state: 'live', programme: 'conversation' }), 'ok'], 'live'],
    ['held by the host', [card({ state: 'live', programme: 'hold', speakers: [VOICE] }), 'ok'], 'hold'],
    ['held for want of voices', [card({ state: 'live', programme: 'hold', speakers: [{ ...VOICE, connected: false }] }), 'ok'], 'hold'],
    ['held with nobody on stage', [card({ state: 'live', programme: 'hold' }), 'ok'], 'hold'],
    ['live without a stage', [card({ state: 'live', programme: 'none', speakers: [{ ...VOICE, connected: false }] }), 'ok'], 'lost'],
    ['live with the first word on its way', [card({ state: 'live', programme: 'none', speakers: [VOICE] }), 'ok'], 'live'],
    ['closing', [card({ state: 'live', programme: 'end' }), 'ok'], 'live'],
    ['just over', [card({ state: 'ended', replay: replay('preparing') }), 'ok'], 'preparing'],
    ['over before anybody was heard', [card({ state: 'ended' }), 'ok'], 'noreplay'],
    ['replay', [card({ state: 'ended', replay: replay('ready') }), 'ok'], 'replay'],
    ['replay lost', [card({ state: 'ended', replay: replay('failed') }), 'ok'], 'failed'],
    ['never recorded', [card({ state: 'ended', recorded: false }), 'ok'], 'noreplay'],
    ['cancelled', [card({ state: 'cancelled' }), 'ok'], 'cancelled'],
  ])('of %s', (_what, [known, net], expected) => expect(face(known, net)).toBe(expected));

  it('has sound exactly while a stream goes out', () => {
    expect((['doors', 'live', 'hold', 'lost'] as const).every(sounding)).toBe(true);
    expect((['scheduled', 'preparing', 'replay', 'gone', 'loading'] as const).some(sounding)).toBe(false);
  });
});

describe('the sentence', () => {
  it('counts down at the doors', () => {
    expect(standing('doors', CARD, 1000, 0)).toBe('The conversation starts in 4 minutes. You will hear music until then.');
    expect(standing('doors', CARD, 1300, 0)).toBe('The conversation starts in a moment. You will hear music until then.');
  });
  it('says since when the stage is lost', () => expect(standing('lost', CARD, 1004, 1000)).toContain('4 seconds ago'));
  it('admits a late start', () => {
    expect(standing('scheduled', CARD, 1000, 0)).toBe('');
    expect(standing('scheduled', CARD, 1250, 0)).toContain('It is time');
    expect(standing('scheduled', CARD, 1430, 0)).toContain('3 minutes ago');
    expect(standing('scheduled', card({ starts_at: null }), 1000, 0)).toContain('No time is set');
  });
});

describe('what is heard', () => {
  const history = [10, 11, 12].map((now) => card({ now }));
  it('is the newest card that is not ahead of the sound', () => expect(cardAt(history, 11.4)?.now).toBe(11));
  it('is the oldest when the sound is further behind', () => expect(cardAt(history, 3)?.now).toBe(10));
  it('is nothing when nothing came', () => expect(cardAt([], 3)).toBeNull());
});

it('puts who is on air first, then by role', () => {
  const voices = [
    { ...VOICE, name: 'c', role: 'speaker' as const },
    { ...VOICE, name: 'd', role: 'cohost' as const, on_air: false },
    { ...VOICE, name: 'a' },
    { ...VOICE, name: 'b', role: 'cohost' as const },
  ];
  expect(ordered(voices).map((voice) => voice.name)).toEqual(['a', 'b', 'c', 'd']);
});

it('shows listeners nobody who is backstage while it is on', () => {
  const voices = [VOICE, { ...VOICE, name: 'Ben', on_air: false }];
  expect((['live', 'hold', 'lost'] as const).map((at) => shown(voices, at).length)).toEqual([1, 1, 1]);
  expect((['scheduled', 'doors', 'replay'] as const).map((at) => shown(voices, at).length)).toEqual([2, 2, 2]);
});

it.each<[Partial<Card>, string]>([
  [{ state: 'scheduled' }, 'This conversation will be recorded.'],
  [{ state: 'scheduled', recorded: false }, 'This conversation is not recorded.'],
  [{ state: 'live' }, 'This conversation is recorded.'],
  [{ state: 'ended', replay: replay('ready') }, 'This conversation was recorded.'],
  [{ state: 'ended', replay: replay('none') }, 'This conversation was not recorded.'],
  [{ state: 'cancelled' }, ''],
])('says of the recording of %o: %s', (changes, words) => expect(recording(card(changes))).toBe(words));

it('asks once a second only while somebody looks and something may change', () => {
  expect(interval(false, 'live')).toBe(1);
  expect(interval(true, 'live')).toBe(5);
  expect(interval(false, 'replay')).toBe(15);
});

describe('what was last known', () => {
  it('is old once the server is out of reach for a while and nothing more is heard', () => {
    expect(stale('failing', 100, 104, false)).toBe(true);
    expect(stale('failing', 100, 103, false)).toBe(false);
    expect(stale('failing', 100, 104, true)).toBe(false);
    expect(stale('ok', 100, 200, false)).toBe(false);
  });
});
