import { expect, it } from 'vitest';
import { asked, cameIn, counted, glance } from './audience';
import type { Audience } from './types';

const AUDIENCE: Audience = { listening: 1204, estimated: 0, peak: 1300, unique: 2000, stalled: 0, stalled_share: 0, one_in: 1, within: 45 };

it('says what is counted', () => {
  expect(counted(AUDIENCE)).toContain('1,204 pages like this one have told us in the last 45 seconds');
  expect(counted(AUDIENCE)).not.toMatch(/estimated|One page in/);
  const more = counted({ ...AUDIENCE, estimated: 4, one_in: 8 });
  expect(more).toMatch(/1,200 pages .* One page in 8 is asked.* 4 other players are estimated/);
});

it('is told at a glance', () => {
  expect(glance(AUDIENCE)).toEqual(['1,204 listening', '1,300 at most', 'sound stopped for nobody']);
  expect(glance({ ...AUDIENCE, stalled: 3, estimated: 4 }).slice(2)).toEqual(['sound stopped for 3', '4 estimated']);
});

it('is told when it is over, if anybody came', () => {
  expect(cameIn({ ...AUDIENCE, stalled_share: 0.004 })).toBe('At most 1,300 listened at once. 2,000 different pages played it live; the sound stopped at least once for less than 1 % of them.');
  expect(cameIn({ ...AUDIENCE, unique: 0 })).toBe('At most 1,300 listened at once.');
  expect(cameIn({ ...AUDIENCE, unique: 0, peak: 0 })).toBe('');
});

it('asks pages by the bits their session begins with', () => {
  const starts = ['fff', '800', '7ff', '400', '3ff', '001', '000'];
  const of = (one_in: number): string[] => starts.filter((start) => asked(`${start}999`, one_in));
  expect([of(1), of(2), of(4), of(4096)]).toEqual([starts, starts.slice(2), starts.slice(4), ['000']]);
});
