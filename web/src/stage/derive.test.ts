import { describe, expect, it } from 'vitest';
import type { Card, Desk, DeskSeat } from '../lib/types';
import { awaitsAir, beforeSeat, columns, condition, dumpLine, isShut, isSilenced, light, lightSentence, nextStep, numbered, rowOf, rundown, secondWay, secondWord, shut, silence, toldToMe } from './derive';

const SEAT: DeskSeat = {
  id: 'me', name: 'Ada', role: 'speaker', account: null, on_air: true, muted: false, connected: 'connected', level: 0, speaking: false,
  health: { loss: 0, jitter_ms: 4, concealed: 0, narrowband: false, clipping: false },
};
const desk = (changes: Partial<Desk>, me: Partial<DeskSeat> = {}): Desk => ({
  at: 0, revision: 1, state: 'live', programme: 'conversation', title: 'T', live_at: 0, doors_at: 0, starts_at: null, recording: true,
  you: 'me', may_direct: true, programme_level: 0, seats: [{ ...SEAT, ...me }], ...changes,
});

const GOOD = { sound: true, sight: true };

it('a seat is shut by a mute or by the rule against echoes, and silenced by the rule alone', () => {
  const by = (changes: Partial<DeskSeat>) => [isShut({ ...SEAT, ...changes }), isSilenced({ ...SEAT, ...changes })];
  expect(by({})).toEqual([false, false]);
  expect(by({ muted: true })).toEqual([true, false]);
  expect(by({ silenced: 'echo' })).toEqual([true, true]);
  expect(by({ muted: true, silenced: 'echo' })).toEqual([true, false]);
});

describe('the light', () => {
  it('is red only when one is heard', () => {
    expect(light(desk({}), GOOD)).toBe('air');
    expect(light(desk({}, { muted: true }), GOOD)).toBe('air-muted');
    expect(light(desk({}, { on_air: false }), GOOD)).toBe('backstage');
    expect(light(desk({ state: 'doors' }), GOOD)).toBe('backstage');
    expect(light(desk({ programme: 'hold' }), GOOD)).toBe('hold');
    expect(light(desk({ state: 'ended' }), GOOD)).toBe('over');
    expect(light(desk({ you: 'somebody' }), GOOD)).toBe('backstage');
    expect(light(null, GOOD)).toBe('unheard');
  });
  it('is never red while no sound goes to the stage', () => {
    const mute = { sound: false, sight: true };
    expect(light(desk({}), mute)).toBe('unheard');
    expect(light(desk({ state: 'doors' }), mute)).toBe('backstage');
    expect(light(desk({ state: 'ended' }), mute)).toBe('over');
  });
  it('is red while a second device is heard and the browser is not', () => {
    const second = { uplinks: { first: false, second: true, second_carries: true } };
    expect(light(desk({}, second), { sound: false, sight: true })).toBe('air');
    expect(light(desk({}, second), { sound: false, sight: false })).toBe('unheard');
    expect(light(desk({}, { uplinks: { ...second.uplinks, second_carries: false } }), { sound: false, sight: true })).toBe('unheard');
  });
  it('claims nothing about a stage that is out of sight', () => {
    const blind = { sound: true, sight: false };
    expect(light(desk({}), blind)).toBe('unsure');
    expect(light(desk({}, { on_air: false }), blind)).toBe('unsure');
    expect(light(desk({}), { sound: false, sight: false })).toBe('unheard');
    expect(light(desk({ state: 'ended' }), blind)).toBe('over');
    expect(lightSentence('unsure', desk({}))).toContain('you may be heard');
  });
  it('tells a guest who was never on air who puts him there', () => {
    const guest = desk({}, { on_air: false, aired: false });
    expect(lightSentence('backstage', guest)).toContain('The host puts you on air.');
    expect(lightSentence('backstage', desk({}, { on_air: false, aired: true }))).not.toContain('The host');
    expect([{ on_air: false, aired: false }, { on_air: true, aired: false }, { on_air: false }].map((me) => awaitsAir({ ...SEAT, ...me }))).toEqual([true, false, false]);
  });
  it('holds a microphone shut that somebody who directs muted, except for who directs too', () => {
    const [held, guest] = [{ muted: true, held: true }, { may_direct: false }];
    expect([desk(guest, held), desk({}, held), desk(guest, { muted: true }), desk(guest, { held: true }), null].map(shut)).toEqual([true, false, false, false, false]);
  });
  it('tells who will be on air that it comes', () => {
    const before = desk({ state: 'doors' });
    expect(lightSentence('backstage', before)).toContain('You go on air when');
    expect(lightSentence('backstage', desk({ state: 'doors' }, { on_air: false }))).not.toContain('You go on air');
  });
});

it('names the next step only to those who direct', () => {
  expect((['scheduled', 'doors', 'live', 'ended'] as const).map((state) => nextStep(desk({ state })))).toEqual(['doors', 'live', 'end', null]);
  expect(nextStep(desk({ may_direct: false }))).toBeNull();
});

it('never lists a producer on air', () => {
  const producer = { ...SEAT, id: 'p', role: 'producer' as const, on_air: true };
  expect(columns(desk({ seats: [SEAT, producer] }))).toEqual({ air: [SEAT], backstage: [producer] });
});

describe('the hold sound', () => {
  const links = { sound: true, sight: true };
  it('that silence brought leaves the light on: the first word is heard', () => {
    const shown = desk({ state: 'live', programme: 'hold', hold: false, you: SEAT.id, seats: [{ ...SEAT, on_air: true }] });
    expect(light(shown, links)).toBe('air');
    expect(lightSentence('air', shown)).toBe('The listeners hear the hold sound until somebody speaks.');
  });
  it('that was asked for puts it out', () => {
    expect(light(desk({ state: 'live', programme: 'hold', hold: true, you: SEAT.id, seats: [{ ...SEAT, on_air: true }] }), links)).toBe('hold');
  });
});

describe('a silence on air', () => {
  it.each<[Partial<Desk>, string]>([
    [{}, ''],
    [{ dead_air: 4 }, 'Nobody on air is heard. After 15 seconds the hold sound comes.'],
    [{ dead_air: 16, programme: 'hold' }, 'Nobody on air is heard. The listeners hear the hold sound; the first word ends it.'],
    [{ dead_air: 16, programme: 'hold', hold: true }, ''],
    [{ silence_intended: true }, 'The silence is heard as long as it lasts.'],
  ])('of %o is told as %s', (changes, told) => expect(silence(desk(changes))).toBe(told));
});

describe('a condition', () => {
  const healthy = SEAT.health!;
  it.each<[Partial<DeskSeat>, string]>([
    [{}, 'good'],
    [{ connected: 'absent' }, 'not here yet'],
    [{ connected: 'reconnecting' }, 'reconnecting'],
    [{ health: { ...healthy, loss: 0.16 } }, 'breaking up'],
    [{ health: { ...healthy, concealed: 0.05 } }, 'small losses'],
    [{ health: { ...healthy, narrowband: true } }, 'phone sound'],
    [{ health: { ...healthy, narrowband: true, clipping: true } }, 'clipping'],
    [{ health: { ...healthy, echo: true, narrowband: true } }, 'echo'],
    [{ health: { ...healthy, dead: true } }, 'no sound'],
    [{ health: { ...healthy, dead: true, echo: true }, muted: true }, 'good'],
    [{ health: null }, 'here'],
  ])('of %o is %s', (changes, word) => expect(condition({ ...SEAT, ...changes }).word).toBe(word));
});

describe('before a seat is taken', () => {
  const card = (state: string, on_air: boolean): Card => ({ state, speakers: [{ seat: 'me', on_air }] }) as Card;
  const you = (seat: string | null, role: 'host' | 'speaker') => ({ state: 'live' as const, you: { seat, role, can: [] } });
  it('says that one is heard at once exactly when the seat is on air in a live conversation', () => {
    expect(beforeSeat(card('live', true), you('me', 'host'))).toContain('hears you as soon as');
    expect(beforeSeat(card('live', false), you('me', 'host'))).toContain('Backstage only');
    expect(beforeSeat(card('doors', true), you('me', 'host'))).toContain('Backstage only');
    expect(beforeSeat(card('live', false), you(null, 'host'))).toContain('hears you as soon as');
    expect(beforeSeat(card('live', false), you(null, 'speaker'))).toContain('Backstage only');
    expect(beforeSeat(null, you('me', 'speaker'))).toContain('hears you as soon as');
  });
  it('says that another browser loses a seat that there is', () => {
    expect(beforeSeat(null, you('me', 'host'))).toContain('it is lost there');
    expect(beforeSeat(null, you(null, 'host'))).not.toContain('it is lost there');
  });
});

describe('talkback', () => {
  const ben = { ...SEAT, id: 'b', name: 'Ben' };
  const producer = { ...SEAT, id: 'p', name: 'Femi', role: 'producer' as const };
  const said = (by: string, to: string[], changes: Partial<Desk> = {}) => desk({ seats: [SEAT, ben, producer], talkback: [{ by, to }], ...changes });
  it('tells who talks that the listeners do not hear it, and who does', () => {
    expect(light(said('me', ['b']), GOOD)).toBe('talk');
    expect(lightSentence('talk', said('me', ['b']))).toBe('Ben hears you; the listeners do not.');
    expect(lightSentence('talk', said('me', []))).toBe('Everybody on stage hears you; the listeners do not.');
    expect(light(said('b', ['me']), GOOD)).toBe('air');
  });
  it('is told to whom it is for, and to nobody else', () => {
    expect(toldToMe(said('p', ['me']))).toEqual(['The producer is talking to you; the listeners do not hear it.']);
    expect(toldToMe(said('b', []))).toEqual(['Ben is talking to you; the listeners do not hear it.']);
    expect(toldToMe(said('p', ['b']))).toEqual([]);
    expect(toldToMe(said('me', []))).toEqual([]);
  });
});

describe('a microphone the stage watches over', () => {
  it.each<[Partial<DeskSeat>, string]>([
    [{ guard: 'forgotten' }, 'two minutes'],
    [{ guard: 'aside' }, 'below your usual level'],
    [{ silenced: 'echo' }, 'you are silenced'],
  ])('with %o is told', (me, words) => expect(toldToMe(desk({}, me)).join()).toContain(words));
  it('that is fine is left alone', () => expect(toldToMe(desk({}, { guard: '', silenced: '' }))).toEqual([]));
  it('that is silenced is not said to be heard', () => {
    expect(light(desk({}, { silenced: 'echo' }), GOOD)).toBe('air-muted');
    expect(lightSentence('air-muted', desk({}, { silenced: 'echo' }))).toContain('Nobody hears you');
    expect(condition({ ...SEAT, silenced: 'echo' }).word).toBe('silenced: echo');
  });
});

it.each<[Pick<DeskSeat, 'uplinks'>, string, string]>([
  [{}, '', ''],
  [{ uplinks: { first: true, second: false, second_carries: false } }, '', ''],
  [{ uplinks: { first: true, second: true, second_carries: false } }, 'Your second device is ready.', 'second device ready'],
  [{ uplinks: { first: false, second: true, second_carries: true } }, 'Your second device is heard; the browser’s sound is being connected again.', 'heard by the second device'],
  [{ uplinks: { first: true, second: true, second_carries: true } }, 'Your second device is heard; the browser’s sound is ready.', 'heard by the second device'],
])('a seat that sends by %o is told so', (ways, own, word) => {
  expect([secondWay({ ...SEAT, ...ways }), secondWord({ ...SEAT, ...ways })]).toEqual([own, word]);
});

it('says what was dumped for a minute, and only where there is something to dump', () => {
  const told = (dumped: number, now = 104): string => dumpLine(desk({ delay: 7, dumped_at: 100, dumped }), now);
  expect(told(7)).toBe('The last 7 seconds were replaced by the hold sound.');
  expect(told(2.04)).toBe('The last 2 seconds were replaced by the hold sound.');
  expect(told(0.52)).toBe('The last 0.5 seconds were replaced by the hold sound.');
  expect(told(1)).toBe('The last second was replaced by the hold sound.');
  expect(told(0)).toBe('Nothing that was said was waiting to go out.');
  expect([told(7, 161), dumpLine(desk({ delay: 7, dumped_at: null, dumped: 0 }), 104), dumpLine(desk({}), 104)]).toEqual(['', '', '']);
});

it('says who is where, and numbers nobody anew when they move', () => {
  const people = (on: boolean): DeskSeat[] => [SEAT, { ...SEAT, id: 'b', on_air: on }, { ...SEAT, id: 'c', on_air: false, connected: 'absent' }, { ...SEAT, id: 'p', role: 'producer' }];
  const places = (on: boolean) => rundown(desk({ seats: people(on) })).map(({ id, seats }) => [id, seats.map((seat) => seat.id).join('')]);
  expect(places(true)).toEqual([['air', 'meb'], ['absent', 'c'], ['show', 'p']]);
  expect(places(false)).toEqual([['air', 'me'], ['backstage', 'b'], ['absent', 'c'], ['show', 'p']]);
  const numbers = (on: boolean) => numbered(desk({ seats: people(on) })).map(({ id }) => id);
  expect(numbers(true)).toEqual(['me', 'b', 'c']);
  expect(numbers(false)).toEqual(numbers(true));
});

it('tells of a person what their row shows: whose it is, their key, how they are heard', () => {
  const others: DeskSeat[] = [{ ...SEAT, id: 'p', role: 'producer' }, { ...SEAT, id: 'b', silenced: 'echo', uplinks: { first: true, second: true, second_carries: true } }];
  const row = (index: number) => rowOf(people.seats[index] ?? SEAT, people);
  const people = desk({ seats: [SEAT, ...others] });
  expect(row(0)).toMatchObject({ own: true, heard: true, number: 1, health: { word: 'good' }, shut: false, silenced: false, second: '' });
  expect(row(1)).toMatchObject({ own: false, heard: false, number: 0, health: { word: 'here' } });
  expect(row(2)).toMatchObject({ number: 2, health: { word: 'silenced: echo' }, shut: true, silenced: true, second: 'heard by the second device' });
});
