// Who is signed in, asked once per page.
import { get } from '../lib/api';
import type { Me } from '../lib/types';

class Myself {
  me = $state.raw<Me | null>(null);
  failed = $state(false);

  get known(): boolean {
    return this.me !== null;
  }
  get account(): Me['account'] {
    return this.me?.account ?? null;
  }

  async load(): Promise<void> {
    try {
      this.me = await get<Me>('/api/v1/me');
      this.failed = false;
    } catch {
      this.failed = true;
    }
  }
}

export const me = new Myself();

/** Where to go after signing in: only ever a path of this server. */
export function next(search: string): string {
  const wanted = new URLSearchParams(search).get('next') ?? '/';
  return /^\/(?![/\\])/u.test(wanted) ? wanted : '/';
}
