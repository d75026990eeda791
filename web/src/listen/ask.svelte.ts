// Asking to speak: one request per browser and Space, remembered, followed until it is answered.
import { ApiError, get, post, sentence } from '../lib/api';
import { jittered, pause } from '../lib/backoff';
import { keep, recall } from '../lib/store';
import type { RequestState, SeatGrant } from '../lib/types';

interface Kept {
  id: string;
  secret: string;
  name: string;
}

export class Asking {
  state = $state<RequestState | 'none'>('none');
  name = $state('');
  error = $state('');
  busy = $state(false);
  #kept: Kept | null;
  #follower: AbortController | null = null;

  constructor(private readonly space: string) {
    this.#kept = recall<Kept>(`request.${space}`);
    this.name = this.#kept?.name ?? recall<string>('name') ?? '';
    if (this.#kept) void this.#follow();
  }

  get #base(): string {
    return `/api/v1/spaces/${encodeURIComponent(this.space)}/requests`;
  }

  async ask(): Promise<void> {
    await this.#try(async () => {
      const answer = await post<{ id: string; secret: string; state: RequestState }>(this.#base, { name: this.name.trim() });
      this.#kept = { id: answer.id, secret: answer.secret, name: this.name.trim() };
      keep(`request.${this.space}`, this.#kept);
      keep('name', this.name.trim());
      this.state = answer.state;
      void this.#follow();
    });
  }

  async withdraw(): Promise<void> {
    await this.#try(async () => {
      if (this.#kept) await post(`${this.#base}/${this.#kept.id}/withdraw`, {}, { bearer: this.#kept.secret });
      this.#forget('none');
    });
  }

  /** Takes the seat; the stage page finds its token in this browser's storage. */
  async accept(): Promise<void> {
    await this.#try(async () => {
      if (!this.#kept) return;
      const grant = await post<SeatGrant>(`${this.#base}/${this.#kept.id}/accept`, { agree_recording: true }, { bearer: this.#kept.secret });
      keep(`seat.${this.space}`, { ...grant, name: this.#kept.name });
      this.#forget('accepted');
      location.assign(`/spaces/${encodeURIComponent(this.space)}/stage`);
    });
  }

  #forget(state: RequestState | 'none'): void {
    this.#follower?.abort();
    this.#kept = null;
    keep(`request.${this.space}`, null);
    this.state = state;
  }

  async #try(act: () => Promise<void>): Promise<void> {
    this.busy = true;
    this.error = '';
    try {
      await act();
    } catch (error) {
      this.error = sentence(error);
    } finally {
      this.busy = false;
    }
  }

  async #follow(): Promise<void> {
    this.#follower?.abort();
    const { signal } = (this.#follower = new AbortController());
    while (this.#kept && !signal.aborted) {
      const { id, secret } = this.#kept;
      try {
        const answer = await get<{ state: RequestState }>(`${this.#base}/${id}`, { bearer: secret, signal });
        this.state = answer.state;
        if (answer.state === 'declined') return this.#forget('declined');
        if (answer.state !== 'pending' && answer.state !== 'approved') return this.#forget('none');
      } catch (error) {
        if (error instanceof ApiError && (error.status === 404 || error.status === 403)) return this.#forget('none');
      }
      await pause(jittered(this.state === 'pending' ? 2 : 10, Math.random()), signal);
    }
  }
}
