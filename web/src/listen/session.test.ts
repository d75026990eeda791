import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Player, Sound } from './player.svelte';
import { beacon } from './session';

interface Report {
  session: string;
  stalls: number;
  buffer: number;
  left: boolean;
}
const sent: Report[] = [];
const leaving: (() => void)[] = [];
let reachable = true;
let stop = (): void => undefined;

beforeEach(() => {
  vi.useFakeTimers();
  sent.length = leaving.length = 0;
  reachable = true;
  vi.stubGlobal('fetch', (_path: string, { body }: { body: string }) => {
    sent.push(JSON.parse(body) as Report);
    return reachable ? Promise.resolve({ ok: true }) : Promise.reject(new Error('no way'));
  });
  vi.stubGlobal('addEventListener', (_event: string, act: () => void) => leaving.push(act));
  vi.stubGlobal('removeEventListener', () => undefined);
});
afterEach(() => {
  stop();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

function playing(oneIn = () => 1): { source: string | null; sound: Sound; stalls: number; audio: unknown } {
  const player = { source: 'live' as string | null, sound: 'playing' as Sound, stalls: 0, audio: { buffered: { length: 0 } } };
  stop = beacon('space', player as unknown as Player, oneIn);
  return player;
}
const pass = (seconds: number): Promise<unknown> => vi.advanceTimersByTimeAsync(seconds * 1000);

it('reports at the first sound and every 30 seconds, under one number', async () => {
  const player = playing();
  player.sound = 'starting';
  await pass(5);
  expect(sent).toHaveLength(0);
  player.sound = 'playing';
  await pass(1);
  expect(sent).toHaveLength(1);
  await pass(59);
  expect(sent).toHaveLength(2);
  expect(new Set(sent.map(({ session }) => session)).size).toBe(1);
  expect(sent[0]).toMatchObject({ stalls: 0, left: false });
  expect(sent[0]?.session).toMatch(/^[0-9a-f]{24}$/);
});

it('tells each stall once, and that it waits', async () => {
  const player = playing();
  player.stalls = 2;
  await pass(1);
  await pass(30);
  player.sound = 'waiting';
  await pass(30);
  expect(sent.map(({ stalls }) => stalls)).toEqual([2, 0, 1]);
});

it('says once when it is paused or closed, and reports at once when it goes on', async () => {
  const player = playing();
  await pass(1);
  player.sound = 'paused';
  await pass(60);
  expect(sent.map(({ left }) => left)).toEqual([false, true]);
  player.sound = 'playing';
  await pass(1);
  leaving.forEach((leave) => leave());
  leaving.forEach((leave) => leave());
  expect(sent.map(({ left }) => left)).toEqual([false, true, false, true]);
});

it('tries again soon when a report does not arrive', async () => {
  playing();
  reachable = false;
  await pass(1);
  await pass(10);
  expect(sent).toHaveLength(2);
  reachable = true;
  await pass(10);
  expect(sent).toHaveLength(3);
  await pass(29);
  expect(sent).toHaveLength(3);
});

it('is silent where it is not asked', async () => {
  let oneIn = Infinity;
  const player = playing(() => oneIn);
  await pass(60);
  player.sound = 'paused';
  await pass(60);
  expect(sent).toHaveLength(0);
  player.sound = 'playing';
  oneIn = 1;
  await pass(1);
  expect(sent).toHaveLength(1);
});
