// The desk: everything about the stage five times a second, read from a stream that is opened again whenever it falls silent.
import { refusal } from '../lib/api';
import { delay, pause } from '../lib/backoff';
import { EventReader } from '../lib/sse';
import { ticker } from '../lib/ticker.svelte';
import type { Card, Desk } from '../lib/types';
import { mySeat } from './derive';
import { seatPath, type KeptSeat } from './seat';

export type DeskLinkState = 'connecting' | 'open' | 'lost' | 'refused' | 'removed';

const SILENCE = 3000; // ms without an event before the stream is opened again

export class DeskLink {
  desk = $state.raw<Desk | null>(null);
  link = $state<DeskLinkState>('connecting');
  error = $state('');
  lostSince = $state(0);
  /** How the conversation ended; the stage itself forgets it and only says nothing more. */
  over = $state<'ended' | 'cancelled' | 'deleted' | null>(null);
  /** Resolves as soon as anything is known of the conversation: before that nothing is opened for it. */
  readonly known: Promise<void>;
  #stop = new AbortController();
  #know: () => void = () => undefined;

  constructor(
    private readonly space: string,
    private readonly seat: KeptSeat,
  ) {
    this.known = new Promise((resolve) => (this.#know = resolve));
  }

  async run(): Promise<void> {
    let failures = 0;
    while (!this.#stop.signal.aborted) {
      const before = this.desk;
      const done = await this.#read().catch(() => false);
      if (done || (await this.isOver()) || this.#stop.signal.aborted) return;
      failures = this.desk === before ? failures + 1 : 0;
      if (this.link !== 'lost') this.lostSince = ticker.now;
      this.link = 'lost';
      await pause(delay(failures, Math.random(), { first: 0.3, cap: 5 }), this.#stop.signal);
    }
  }

  /** Asked of the front door whenever the stage falls silent: a stage that restarts answers like one whose conversation is over. */
  async isOver(): Promise<boolean> {
    const path = `/spaces/${encodeURIComponent(this.space)}/live.json`;
    const answer = await fetch(path, { signal: AbortSignal.any([this.#stop.signal, AbortSignal.timeout(3000)]) }).catch(() => null);
    const state = answer?.ok ? ((await answer.json()) as Card).state : null;
    if (state === 'ended' || state === 'cancelled') this.over = state;
    else if (answer?.status === 404) this.over = 'deleted';
    if (state !== null || this.over) this.#know();
    return this.over !== null;
  }

  close(): void {
    this.#stop.abort();
  }

  /** Whether the stage hears somebody on this seat, by an event that comes after the question; false when none comes. A second uplink is one's own. */
  async seated(): Promise<boolean> {
    const asked = this.desk;
    for (let i = 0; i < 10 && this.desk === asked; i += 1) await pause(0.1, this.#stop.signal);
    return this.desk !== asked && mySeat(this.desk)?.connected === 'connected' && mySeat(this.desk)?.uplinks?.first !== false;
  }

  /** True when there is nothing more to read, ever. */
  async #read(): Promise<boolean> {
    const silence = new AbortController();
    let timer = setTimeout(() => silence.abort(), SILENCE * 2);
    try {
      const response = await fetch(`${seatPath(this.space)}/desk`, {
        headers: { authorization: `Bearer ${this.seat.token}`, accept: 'text/event-stream' },
        signal: AbortSignal.any([silence.signal, this.#stop.signal]),
        cache: 'no-store',
      });
      if (!response.ok || !response.body) return await this.#refused(response);
      const events = new EventReader();
      const chunks = response.body.pipeThrough(new TextDecoderStream()).getReader();
      for (let chunk = await chunks.read(); !chunk.done; chunk = await chunks.read()) {
        clearTimeout(timer);
        timer = setTimeout(() => silence.abort(), SILENCE);
        for (const data of events.feed(chunk.value)) if (this.#take(data)) return true;
      }
      return false;
    } finally {
      clearTimeout(timer);
      silence.abort();
    }
  }

  async #refused(response: Response): Promise<boolean> {
    if (response.status !== 401 && response.status !== 403 && response.status !== 410) return false;
    this.error = (await refusal(response)).message;
    this.link = 'refused';
    return true;
  }

  #take(data: string): boolean {
    const event = JSON.parse(data) as Desk & { removed?: boolean };
    if (event.removed) {
      this.link = 'removed';
      return true;
    }
    ticker.learn(event.at);
    this.desk = event;
    if (event.state === 'ended' || event.state === 'cancelled') this.over = event.state;
    this.link = 'open';
    this.#know();
    return false;
  }
}
