import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Talk } from './talk.svelte';

interface Word { on: boolean; to: readonly string[]; number: number }

/** A key beside a microphone that is open and on air; the stage answers as `answer` says. */
function desk(rest = false) {
  const mic = { stream: {} as MediaStream | null, error: '', muted: rest, open: async () => undefined, setMuted(muted: boolean) { this.muted = muted; } };
  const words: Word[] = [];
  const stage = { answer: (): Promise<unknown> => Promise.resolve({ on: true }) };
  const commands = {
    talkback: (on: boolean, to: readonly string[], number: number) => (words.push({ on, to, number }), on ? stage.answer() : Promise.resolve()),
  };
  return { mic, words, stage, talk: new Talk(mic, commands, () => rest) };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('the talkback key', () => {
  it('opens the microphone only when the stage knows of it, and gives it back', async () => {
    const { mic, stage, talk } = desk();
    let known = (_: unknown): void => undefined;
    stage.answer = () => new Promise((resolve) => (known = resolve));
    void talk.start(['b']);
    await vi.advanceTimersByTimeAsync(200);
    expect(mic.muted).toBe(true);
    known({ on: true });
    await vi.advanceTimersByTimeAsync(0);
    expect(mic.muted).toBe(false);
    talk.stop();
    expect(mic.muted).toBe(false);
  });

  it('is told each second, by growing numbers', async () => {
    const { mic, words, talk } = desk(true);
    await talk.start(['b']);
    await vi.advanceTimersByTimeAsync(3100);
    expect([mic.muted, talk.error]).toEqual([false, '']);
    talk.stop();
    expect(mic.muted).toBe(true);
    expect(words.map(({ on }) => on)).toEqual([true, true, true, true, false]);
    expect(words.every((word, at) => at === 0 || word.number > (words[at - 1]?.number ?? Infinity))).toBe(true);
  });

  it('shuts the microphone when one telling fails, stays held, tries on, and opens when the stage knows again', async () => {
    const { mic, words, stage, talk } = desk();
    await talk.start(['b']);
    stage.answer = () => Promise.reject(new Error('gone'));
    await vi.advanceTimersByTimeAsync(1100);
    expect([mic.muted, talk.to]).toEqual([true, ['b']]);
    expect(talk.error).not.toBe('');
    await vi.advanceTimersByTimeAsync(5000);
    expect(mic.muted).toBe(true);
    expect(words.every(({ on }) => on)).toBe(true);
    stage.answer = () => Promise.resolve({ on: true });
    await vi.advanceTimersByTimeAsync(1100);
    expect([mic.muted, talk.error]).toEqual([false, '']);
  });

  it('shuts the microphone before the stage lets go, when a telling hangs', async () => {
    const { mic, stage, talk } = desk();
    await talk.start([]);
    stage.answer = () => new Promise(() => undefined);
    await vi.advanceTimersByTimeAsync(1900);
    expect(mic.muted).toBe(false);
    await vi.advanceTimersByTimeAsync(400);
    expect(mic.muted).toBe(true);
  });

  it('does not open the microphone by an answer that comes late', async () => {
    const { mic, stage, talk } = desk();
    let known = (_: unknown): void => undefined;
    stage.answer = () => new Promise((resolve) => (known = resolve));
    void talk.start(['b']);
    const first = known;
    stage.answer = () => new Promise(() => undefined);
    await vi.advanceTimersByTimeAsync(2500);
    first({ on: true });
    await vi.advanceTimersByTimeAsync(0);
    expect(mic.muted).toBe(true);
  });

  it('that never came through airs nothing while it is held, and lets go', async () => {
    const { mic, stage, talk } = desk();
    stage.answer = () => Promise.reject(new Error('gone'));
    await talk.start(['b']);
    expect([mic.muted, talk.to]).toEqual([true, ['b']]);
    talk.stop();
    expect([mic.muted, talk.to]).toEqual([false, null]);
  });

  it('says that there is no microphone', async () => {
    const { mic, words, talk } = desk(true);
    mic.stream = null;
    await talk.start([]);
    expect([talk.error, words]).toEqual(['There is no microphone to talk with.', []]);
  });
});
