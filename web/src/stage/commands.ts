// What a seat may ask of the control API, with the seat's own token.
import { get, patch, post, remove } from '../lib/api';
import type { Invitation, Role, Space } from '../lib/types';
import { seatPath } from './seat';

type Verb = 'doors' | 'live' | 'end' | 'cancel';

export class Commands {
  readonly #base: string;
  readonly #with: { bearer: string };

  constructor(space: string, token: string) {
    this.#base = seatPath(space);
    this.#with = { bearer: token };
  }

  space = (): Promise<Space> => get(this.#base, this.#with);
  go = (verb: Verb): Promise<Space> => post(`${this.#base}/${verb}`, {}, this.#with);
  silence = (intended: boolean): Promise<Space> => post(`${this.#base}/silence`, { on: intended }, this.#with);
  hold = (on: boolean): Promise<Space> => post(`${this.#base}/hold`, { on }, this.#with);

  /** What is settled for the whole show: the delay before the start, the rule for echo at any time. */
  settle = (rules: { delay?: number; mute_echo?: boolean }): Promise<Space> => patch(this.#base, rules, this.#with);

  // Straight to the stage, so that they work while everything else is down.
  dump = (): Promise<{ seconds: number }> => post(`${this.#base}/desk/dump`, {}, this.#with);
  talkback = (on: boolean, to: readonly string[], number: number, signal?: AbortSignal): Promise<unknown> =>
    post(`${this.#base}/desk/talkback`, on ? { on, to, number } : { on, number }, signal ? { ...this.#with, signal } : this.#with);
  unsilence = (seat: string): Promise<unknown> => post(`${this.#base}/desk/unsilence`, { seat }, this.#with);
  preflight = (): Promise<unknown> => post(`${this.#base}/desk/preflight`, {}, this.#with);

  air = (seat: string, on: boolean): Promise<unknown> => post(`${this.#base}/seats/${seat}/air`, { on }, this.#with);
  mute = (seat: string, on: boolean): Promise<unknown> => post(`${this.#base}/seats/${seat}/mute`, { on }, this.#with);
  takeOff = (seat: string): Promise<unknown> => post(`${this.#base}/seats/${seat}/remove`, {}, this.#with);
  role = (seat: string, role: Role): Promise<unknown> => post(`${this.#base}/seats/${seat}/role`, { role }, this.#with);

  answer = (request: string, verdict: 'approve' | 'decline'): Promise<unknown> =>
    post(`${this.#base}/requests/${request}/${verdict}`, {}, this.#with);

  invitations = (): Promise<Invitation[]> => get(`${this.#base}/invitations`, this.#with);
  invite = (name: string, role: Role): Promise<Invitation & { url: string }> =>
    post(`${this.#base}/invitations`, name ? { name, role } : { role }, this.#with);
  revoke = (invitation: string): Promise<void> => remove(`${this.#base}/invitations/${invitation}`, this.#with);

  uploadPreshow = (file: File): Promise<unknown> => {
    const form = new FormData();
    form.append('file', file);
    return post(`${this.#base}/preshow`, form, this.#with);
  };
  removePreshow = (): Promise<void> => remove(`${this.#base}/preshow`, this.#with);
}
