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
  it('stands rather than goes back when only later answers are remembered', () => {
    const clock = new ServerClock();
    clock.learn(1000, 500);
    expect(clock.at(520)).toBe(1020);
    for (let i = 0; i < 12; i += 1) clock.learn(1019 + i, 520 + i); // each a second late
    expect(clock.offset).toBe(499);
    expect(clock.at(520.5)).toBe(1020);
    expect(clock.at(522)).toBe(1021);
  });
  it('does not hold to a local clock that is ahead once the server spoke', () => {
    const clock = new ServerClock();
    expect(clock.at(500)).toBe(500);
    clock.learn(497, 500);
    expect(clock.at(500)).toBe(497);
  });
  it('follows a clock that was set back', () => {
    const clock = new ServerClock();
    clock.learn(5000, 500);
    expect(clock.at(500)).toBe(5000);
    for (let i = 0; i < 12; i += 1) clock.learn(1000 + i, 501 + i);
    expect(clock.at(513)).toBe(1012);
  });
});
