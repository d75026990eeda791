import { afterEach, describe, expect, it, vi } from 'vitest';
import { ApiError, get, post, sentence } from './api';

describe('the API', () => {
  const answers = (...list: (Response | Error)[]): void => {
    vi.stubGlobal('fetch', vi.fn(() => {
      const next = list.shift();
      return next instanceof Response ? Promise.resolve(next) : Promise.reject(next ?? new Error());
    }));
  };
  afterEach(() => vi.unstubAllGlobals());

  it('answers with values', async () => {
    answers(Response.json({ id: 'a' }), new Response(null, { status: 204 }));
    expect(await get('/x')).toEqual({ id: 'a' });
    expect(await post('/x')).toBeUndefined();
  });
  it('tells a person what the server said', async () => {
    answers(Response.json({ error: 'All 13 seats are taken.', code: 'stage_full' }, { status: 409, headers: { 'retry-after': '7' } }));
    const error: unknown = await get('/x').catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ message: 'All 13 seats are taken.', status: 409, code: 'stage_full', retryAfter: 7 });
  });
  it('has a sentence for an answer without one', async () => {
    answers(new Response('<html>', { status: 502 }));
    expect(sentence(await get('/x').catch((thrown: unknown) => thrown))).toContain('nothing was lost');
  });
  it('knows an unreachable server from a refusal', async () => {
    answers(new TypeError('Failed to fetch'));
    const error: unknown = await get('/x').catch((thrown: unknown) => thrown);
    expect(error instanceof ApiError && error.unreachable).toBe(true);
  });
});
