import { expect, it } from 'vitest';
import { device } from './account/device';
import { next } from './me.svelte';
import { route } from './route';

it.each([
  ['/', { page: 'home' }],
  ['/sign-in', { page: 'sign-in' }],
  ['/me/', { page: 'me' }],
  ['/@ada', { page: 'profile', account: 'ada' }],
  ['/join/s%C3%A9cret', { page: 'join', secret: 'sécret' }],
  ['/spaces/x1/stage', { page: 'stage', space: 'x1' }],
  ['/spaces/x1', { page: 'nothing' }],
  ['/spaces/x1/stage/more', { page: 'nothing' }],
  ['/@', { page: 'nothing' }],
  ['/me/more', { page: 'nothing' }],
  ['/%E0%A4%A', { page: 'nothing' }],
])('%s leads to %o', (path, expected) => expect(route(path)).toEqual(expected));

it.each([
  ['?next=/new', '/new'],
  ['', '/'],
  ['?next=https://elsewhere.example', '/'],
  ['?next=//elsewhere.example', '/'],
  ['?next=/%5Celsewhere.example', '/'],
])('after signing in, %s leads to %s and never away from here', (search, path) => expect(next(search)).toBe(path));

it('names a device as its owner would', () => {
  expect(device('Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/156.0 Safari/537.36')).toBe('Chrome on Linux');
  expect(device('Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Version/19.0 Safari/604.1')).toBe('Safari on iOS');
  expect(device('python-httpx/1.0')).toBe('A program');
  expect(device('')).toBe('A browser');
});
