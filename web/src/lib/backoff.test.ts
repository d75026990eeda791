import { describe, expect, it } from 'vitest';
import { delay, jittered, pause } from './backoff';

describe('back-off', () => {
  it('doubles up to its cap', () => {
    expect([0, 1, 2, 3, 4, 9, 1e6].map((n) => delay(n, 0.5))).toEqual([0.5, 1, 2, 4, 8, 8, 8]);
  });
  it('is never in step with a neighbour', () => {
    expect(delay(2, 0)).toBe(1.5);
    expect(delay(2, 1)).toBe(2.5);
    expect(jittered(10, 0)).toBeCloseTo(8);
    expect(jittered(10, 1)).toBeCloseTo(12);
  });
  it('is left at once when told so', async () => {
    const stop = new AbortController();
    const waiting = pause(3600, stop.signal);
    stop.abort();
    await expect(waiting).resolves.toBeUndefined();
    await expect(pause(3600, stop.signal)).resolves.toBeUndefined();
  });
});
