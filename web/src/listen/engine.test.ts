import { expect, it } from 'vitest';
import { addresses } from './engine';

it('listens in Opus where the browser takes it, and falls back to AAC', () => {
  expect(addresses('a', 'live', true).hls).toEqual(['/spaces/a/live/opus32/ll.m3u8', '/spaces/a/live/aac64/ll.m3u8']);
  expect(addresses('a', 'live', false).hls).toEqual(['/spaces/a/live/aac64/ll.m3u8']);
});
it('gives a browser that plays HLS itself the playlist for all players', () => {
  expect(addresses('a', 'live', true).native).toBe('/spaces/a/live.m3u8');
});
it('keeps an odd id inside its place in the address', () => {
  expect(addresses('../x', 'replay', true).hls).toEqual(['/spaces/..%2Fx/replay.m3u8']);
});
