// Talking to people on stage past the programme, while a key or a button is held. What it opens it shuts again.
import { sentence } from '../lib/api';
import type { Commands } from './commands';
import type { Mic } from './mic.svelte';

const AGAIN = 1000; // ms: the stage lets go by itself when it hears nothing for three seconds

export class Talk {
  /** Whom it goes to, nobody for everybody; null while nothing is held. */
  to = $state.raw<readonly string[] | null>(null);
  error = $state('');
  #timer: ReturnType<typeof setInterval> | undefined;

  /** `rest`: whether the microphone is muted when nobody is talked to. */
  constructor(
    private readonly mic: Mic,
    private readonly commands: Commands,
    private readonly rest: () => boolean,
  ) {}

  async start(to: readonly string[]): Promise<void> {
    if (this.to) return;
    this.error = '';
    this.to = to;
    if (!this.mic.stream) await this.#open();
    if (this.to !== to) return; // let go meanwhile, as one does to answer the browser's question
    try {
      if (!this.mic.stream) throw new Error(this.mic.error || 'There is no microphone to talk with.');
      await this.commands.talkback(true, to);
    } catch (error) {
      this.error = sentence(error);
      return this.#shut();
    }
    if (this.to !== to) return void this.commands.talkback(false).catch(() => undefined);
    this.mic.setMuted(false);
    this.#timer = setInterval(() => void this.commands.talkback(true, to).catch(() => this.stop()), AGAIN);
  }

  stop(): void {
    if (!this.to) return;
    const went = this.#timer !== undefined;
    this.#shut();
    if (went) void this.commands.talkback(false).catch(() => undefined);
  }

  async #open(): Promise<void> {
    this.mic.setMuted(true);
    await this.mic.open();
    this.mic.setMuted(true);
  }

  #shut(): void {
    this.to = null;
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.mic.setMuted(this.rest());
  }
}
