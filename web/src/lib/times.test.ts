import { describe, expect, it } from 'vitest';
import { date, day, dayFromHere, elapsed, length, position, span, stamp, timeWithZone, zoneNote } from './times';

const EVENT = Date.UTC(2026, 7, 12, 18, 0) / 1000; // Wednesday

describe('a time with its zone', () => {
  it.each([
    ['Europe/Berlin', '20:00, your time (18:00 UTC)'],
    ['UTC', '18:00 UTC'],
    ['Africa/Accra', '18:00 UTC'],
    ['Asia/Kolkata', '23:30, your time (18:00 UTC)'],
    ['Asia/Tokyo', '03:00, your time (Wednesday 18:00 UTC)'],
  ])('in %s reads %s', (zone, text) => expect(timeWithZone(EVENT, zone)).toBe(text));

  it.each([
    ['Europe/Berlin', 'Your time is that of Berlin.'],
    ['America/Argentina/Buenos_Aires', 'Your time is that of Buenos Aires.'],
    ['UTC', ''],
    ['Etc/UTC', ''],
  ])('in %s is named once: %s', (zone, text) => expect(zoneNote(zone)).toBe(text));
  it('writes midnight as 00', () => expect(timeWithZone(EVENT + 6 * 3600, 'UTC')).toBe('00:00 UTC'));
});

it('dates without a weekday, and with the year when it is another', () => {
  expect(date(EVENT, EVENT - 9e5, 'UTC')).toBe('12 August');
  expect(date(EVENT, EVENT - 4e7, 'UTC')).toBe('12 August 2026');
});

describe('a day', () => {
  it('has no year when it is this one', () => expect(day(EVENT, EVENT - 9e5, 'UTC')).toBe('Wednesday 12 August'));
  it('has its year when it is another', () => expect(day(EVENT, EVENT - 4e7, 'UTC')).toBe('Wednesday 12 August 2026'));
  it('is today in the reader’s zone, not in UTC', () => {
    expect(dayFromHere(EVENT, EVENT - 7200, 'Asia/Tokyo')).toBe('today');
    expect(dayFromHere(EVENT, EVENT - 5 * 3600, 'Asia/Tokyo')).toBe('tomorrow');
    expect(dayFromHere(EVENT, EVENT - 5 * 3600, 'UTC')).toBe('today');
  });
});

describe('a span', () => {
  it.each([
    [-3, '0 seconds'],
    [1, '1 second'],
    [40.4, '40 seconds'],
    [60, '1 minute'],
    [247, '4 minutes'],
    [3600, '1 hour'],
    [3900, '1 hour 5 minutes'],
    [97_200, '1 day 3 hours'],
    [259_200, '3 days'],
  ])('of %d s is %s', (seconds, text) => expect(span(seconds)).toBe(text));
});

it('writes elapsed time always with hours', () => {
  expect(elapsed(2537)).toBe('0:42:17');
  expect(elapsed(-1)).toBe('0:00:00');
});
it('writes a position as short as it can', () => {
  expect(position(137.9)).toBe('2:17');
  expect(position(3737)).toBe('1:02:17');
});
it('rounds a length to what one would say', () => {
  expect([38, 240, 3900].map(length)).toEqual(['38 s', '4 min', '1 h 5 min']);
});
it('stamps in the zone of the reader', () => expect(stamp(EVENT, 'Europe/Berlin')).toBe('12 August 2026, 20:00'));
