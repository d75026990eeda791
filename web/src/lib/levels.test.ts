import { describe, expect, it } from 'vitest';
import { follow, meter, micVerdict, rms } from './levels';

describe('levels', () => {
  it('rise faster than they fall', () => {
    expect(follow(0, 1, 0.06)).toBeCloseTo(0.632, 3);
    expect(follow(1, 0, 0.06)).toBeCloseTo(0.819, 3);
  });
  it('show full scale as full and silence as nothing', () => {
    expect([meter(1), meter(0), meter(0.001)]).toEqual([1, 0, 0]);
    expect(rms(new Float32Array([1, -1, 1, -1]))).toBe(1);
    expect(rms(new Float32Array())).toBe(0);
  });
  it.each([
    [0.0001, 0, 'silent'],
    [0.005, 0, 'too quiet'],
    [0.1, 0, 'good'],
    [0.1, 40, 'clipping'],
  ])('of %d with %d clipped samples are %s', (loudest, clipped, verdict) => expect(micVerdict({ loudest, clipped })).toBe(verdict));
});
