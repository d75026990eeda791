import { describe, expect, it } from 'vitest';
import { ServerClock } from './clock';

describe('the server’s clock', () => {
  it('is the local one until the server spoke', () => expect(new ServerClock().at(100)).toBe(100));
  it('believes the freshest answer, not a cached one', () => {
    const clock = new ServerClock();
    clock.learn(1000, 500);
    clock.learn(1000, 501); // the same answer from a cache, a second later
    expect(clock.at(502)).toBe(1002);
  });
  it('forgets what is long ago', () => {
    const clock = new ServerClock();
    clock.learn(2000, 500);
    for (let i = 0; i < 12; i += 1) clock.learn(1000 + i, 500 + i);
    expect(clock.offset).toBe(500);
  });
});
