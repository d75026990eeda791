// The one <audio> of the page and what a person wants of it. Asks before it assumes: a refused autoplay becomes a button.
import { keep, recall } from '../lib/store';
import { ticker } from '../lib/ticker.svelte';
import { openEngine, type Engine, type SourceKind } from './engine';

export type Sound = 'off' | 'blocked' | 'starting' | 'playing' | 'waiting' | 'paused' | 'ended';

const LONG_PAUSE = 15; // seconds: after a longer one, playing again means going to the live edge

export class Player {
  readonly audio = new Audio();
  sound = $state<Sound>('off');
  source = $state<SourceKind | null>(null);
  at = $state(0);
  duration = $state(0);
  volume = $state(recall<number>('volume') ?? 1);
  silent = $state(false);
  rate = $state(1);
  behind = $state<number | null>(null);
  stalls = 0;

  #engine: Engine | null = null;
  #opening = 0;
  #pausedAt = 0;
  #wanted = false;

  constructor(private readonly space: string) {
    this.audio.preload = 'auto';
    this.audio.volume = this.volume;
    this.#listen('playing', () => this.#became('playing'));
    this.#listen('waiting', () => this.#stalled());
    this.#listen('pause', () => this.#paused());
    this.#listen('ended', () => this.#became('ended'));
    this.#listen('timeupdate', () => this.#moved());
    this.#listen('durationchange', () => this.#moved());
  }

  #listen(event: string, act: () => void): void {
    this.audio.addEventListener(event, act);
  }

  /** Attaches a stream. With `start`, tries to play it and falls back to the button. */
  async open(kind: SourceKind, start: boolean): Promise<void> {
    if (this.source === kind) return;
    this.close();
    this.source = kind;
    const opening = ++this.#opening;
    if (!start && !this.#wanted) return; // fetched when asked for
    await this.#attach(kind, opening);
  }

  async #attach(kind: SourceKind, opening: number): Promise<void> {
    this.sound = 'starting';
    try {
      const engine = await openEngine(this.audio, this.space, kind);
      if (opening !== this.#opening) return engine.close();
      this.#engine = engine;
    } catch {
      this.sound = 'blocked'; // the player could not be fetched; the button tries again
      return;
    }
    this.#start();
  }

  #start(): void {
    this.audio.playbackRate = this.source === 'replay' ? this.rate : 1;
    this.audio.play().catch((error: unknown) => {
      if (!(error instanceof DOMException) || error.name !== 'NotAllowedError') return;
      this.#engine?.close();
      this.#engine = null;
      this.sound = 'blocked';
    });
  }

  /** Must be called by a press: that is what lets the sound start. */
  async play(): Promise<void> {
    this.#wanted = true;
    if (!this.source) return void this.#unlock();
    if (!this.#engine) return this.#attach(this.source, ++this.#opening);
    const live = this.source === 'live';
    const long = performance.now() / 1000 - this.#pausedAt > LONG_PAUSE;
    if (live) this.#engine.resume();
    this.sound = 'starting';
    this.#start();
    if (live && long) this.#engine.toLive();
  }

  /** The replay by a press, also while what is attached is the live stream that has just ended. */
  async playReplay(): Promise<void> {
    if (this.source === 'replay') return this.play();
    this.#wanted = true;
    await this.open('replay', true);
  }

  /** Before there is a stream: the press is remembered by the element, so that the doors may open with sound. */
  #unlock(): void {
    this.audio.play().catch(() => undefined);
  }

  pause(): void {
    this.#wanted = false;
    if (!this.#engine && this.source) {
      this.#opening += 1; // what is being fetched is not started any more
      this.sound = 'blocked';
    }
    this.audio.pause();
  }

  /** Goes by the element, which knows of a press before its events are heard. */
  toggle(): void {
    if (this.#engine ? !this.audio.paused : this.sound === 'starting') this.pause();
    else void this.play();
  }

  toLive(): void {
    this.#engine?.toLive();
    if (this.sound !== 'playing') void this.play();
  }

  seek(seconds: number): void {
    this.audio.currentTime = Math.min(Math.max(0, seconds), this.duration || seconds);
    this.at = this.audio.currentTime;
  }

  setVolume(volume: number): void {
    this.volume = volume;
    this.silent = this.audio.muted = false;
    this.audio.volume = volume;
    keep('volume', volume);
  }

  toggleSilent(): void {
    this.silent = this.audio.muted = !this.silent;
  }

  setRate(rate: number): void {
    this.rate = rate;
    this.audio.playbackRate = rate;
  }

  latency(): number | null {
    return this.#engine?.latency(ticker.clock.at(Date.now() / 1000)) ?? null;
  }

  get wanted(): boolean {
    return this.#wanted;
  }

  close(): void {
    this.#opening += 1;
    this.#engine?.close();
    this.#engine = null;
    this.source = null;
    this.sound = 'off';
    this.behind = null;
    this.at = this.duration = 0;
  }

  #became(sound: Sound): void {
    if (this.source) this.sound = sound;
  }

  #stalled(): void {
    if (this.sound === 'playing') {
      this.stalls += 1;
      this.sound = 'waiting';
    }
  }

  #paused(): void {
    if (!this.#engine || !this.audio.paused || this.audio.ended || this.sound === 'off') return;
    this.#pausedAt = performance.now() / 1000;
    this.sound = 'paused';
    if (this.source === 'live') this.#engine.rest();
  }

  #moved(): void {
    if (!this.#engine) return; // the last word of a stream that is closed
    this.at = this.audio.currentTime;
    if (Number.isFinite(this.audio.duration)) this.duration = this.audio.duration;
    this.behind = this.source === 'live' ? this.latency() : null;
  }
}
