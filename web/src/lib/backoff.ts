// How long to wait before trying again: doubling, capped, jittered, for ever.

export interface Backoff {
  first: number;
  cap: number;
}

/** Seconds before attempt `attempt` (0 is the first retry). `random` is 0..1; jitter is ±25 %. */
export function delay(attempt: number, random: number, { first, cap }: Backoff = { first: 0.5, cap: 8 }): number {
  const plain = Math.min(cap, first * 2 ** Math.min(attempt, 30));
  return plain * (0.75 + 0.5 * random);
}

/** `seconds` ± 20 %, so that a crowd does not ask in step. */
export function jittered(seconds: number, random: number): number {
  return seconds * (0.8 + 0.4 * random);
}

/** Resolves after `seconds`, or at once when `signal` aborts. */
export function pause(seconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const timer = setTimeout(done, seconds * 1000);
    function done(): void {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    }
    signal?.addEventListener('abort', done);
  });
}
