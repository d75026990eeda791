// A Space as this page follows it: asks live.json, keeps the clock, decides the face, and hands the player its stream.
import { delay, jittered, pause } from '../lib/backoff';
import { ticker } from '../lib/ticker.svelte';
import type { Card } from '../lib/types';
import { cardAt, face, interval, sounding, type Net } from './view';
import type { Player } from './player.svelte';

const REMEMBERED = 20; // cards, so seconds
const DRAIN = 8; // seconds the last parts may take to be heard after the end, beyond what the sound is behind

export class Room {
  card = $state.raw<Card | null>(null);
  net = $state<Net>('ok');
  failingSince = $state(0);
  lostSince = $state(0);
  removed = $state(false);
  #history = $state.raw<Card[]>([]);
  #failures = 0;
  #wake = new AbortController();
  #drainUntil = 0;
  #dry = 0; // looks in a row that found no sound

  readonly face = $derived(face(this.card, this.removed ? 'missing' : this.net));
  /** The card as of what is being heard. */
  readonly heard = $derived.by(() => {
    const behind = this.player.sound === 'playing' ? (this.player.behind ?? 0) : 0;
    return cardAt(this.#history, ticker.now - Math.min(Math.max(behind, 0), REMEMBERED)) ?? this.card;
  });

  constructor(
    readonly id: string,
    readonly player: Player,
  ) {}

  async run(stop: AbortSignal): Promise<void> {
    document.addEventListener('visibilitychange', () => this.refresh());
    window.addEventListener('online', () => this.refresh());
    while (!stop.aborted) {
      await this.#ask();
      this.#follow();
      const wait = this.#wait();
      this.#wake = new AbortController();
      await pause(wait, AbortSignal.any([stop, this.#wake.signal]));
    }
  }

  #wait(): number {
    if (this.#failures) return delay(this.#failures - 1, Math.random(), { first: 1, cap: 8 });
    return jittered(this.#drainUntil ? 1 : interval(document.hidden, this.face), Math.random());
  }

  /** Ask again without waiting. */
  refresh(): void {
    if (!document.hidden) this.#wake.abort();
  }

  async #ask(): Promise<void> {
    try {
      const answer = await fetch(`/spaces/${encodeURIComponent(this.id)}/live.json`, { signal: AbortSignal.timeout(8000) });
      if (answer.status === 404 || answer.status === 410) return this.#settle('missing');
      if (!answer.ok) return this.#settle('failing');
      this.#learn((await answer.json()) as Card);
    } catch {
      this.#settle('failing');
    }
  }

  #learn(card: Card): void {
    ticker.learn(card.now);
    const before = this.face;
    this.card = card;
    this.#history = [...this.#history.slice(1 - REMEMBERED), card];
    this.#settle('ok');
    if (this.face === 'lost' && before !== 'lost') this.lostSince = ticker.now;
  }

  #settle(net: Net): void {
    if (net === 'failing' && this.net !== 'failing') this.failingSince = ticker.now;
    this.#failures = net === 'failing' ? this.#failures + 1 : 0;
    this.net = net;
  }

  /** The player follows the Space from doors to end to replay, without a reload. */
  #follow(): void {
    if (this.net === 'failing') return;
    const shown = this.face;
    if (sounding(shown)) {
      this.#drainUntil = 0; // it goes on after all
      void this.player.open('live', true);
    } else if (this.player.source === 'live') this.#drain();
    else if (shown === 'replay') void this.player.open('replay', false);
  }

  #drain(): void {
    this.#drainUntil ||= ticker.now + DRAIN + Math.max(this.player.behind ?? 0, 4);
    const { sound } = this.player;
    // A player that runs dry after the end has heard it all, even if it does not say so.
    this.#dry = sound === 'waiting' ? this.#dry + 1 : 0;
    const hearing = sound === 'playing' || (sound === 'waiting' && this.#dry < 3);
    if (hearing && this.card?.state === 'ended' && ticker.now < this.#drainUntil) return;
    this.#drainUntil = 0;
    this.player.pause();
    this.player.close();
    this.#follow();
  }
}
