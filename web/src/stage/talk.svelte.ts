// Talking to people on stage past the programme, while a key or a button is held. What it opens it shuts again. The microphone
// is open only while the stage is known to keep the voice off air: a word to one must not become a word to all.
import { sentence } from '../lib/api';
import type { Commands } from './commands';
import type { Mic } from './mic.svelte';

const AGAIN = 1000; // ms: the stage lets go by itself when it hears nothing for three seconds
const TRUSTED = 2000; // ms: by then a word that the stage answered may be the last it heard
const LOOK = 250; // ms

export class Talk {
  /** Whom it goes to, nobody for everybody; null while nothing is held. */
  to = $state.raw<readonly string[] | null>(null);
  error = $state('');
  #timer: ReturnType<typeof setInterval> | undefined;
  #number = 0; // of the newest word: the stage does not mind one that was overtaken
  #asked = 0; // when the newest was sent
  #told = -Infinity; // when the newest was sent that the stage has answered

  /** `rest`: whether the microphone is muted when nobody is talked to. */
  constructor(
    private readonly mic: Pick<Mic, 'stream' | 'error' | 'open' | 'setMuted'>,
    private readonly commands: Pick<Commands, 'talkback'>,
    private readonly rest: () => boolean,
  ) {}

  async start(to: readonly string[]): Promise<void> {
    if (this.to) return;
    const held = [...to];
    this.error = '';
    this.to = held;
    this.#told = -Infinity;
    this.mic.setMuted(true);
    if (!this.mic.stream) await this.mic.open();
    if (this.to !== held) return; // let go meanwhile, as one does to answer the browser's question
    if (!this.mic.stream) {
      this.error = this.mic.error || 'There is no microphone to talk with.';
      return;
    }
    this.#timer = setInterval(() => this.#look(held), LOOK);
    await this.#tell(held);
  }

  stop(): void {
    if (!this.to) return;
    const went = this.#timer !== undefined;
    this.to = null;
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.mic.setMuted(this.rest());
    if (went) void this.commands.talkback(false, [], this.#next()).catch(() => undefined);
  }

  #look(held: readonly string[]): void {
    const now = performance.now();
    if (now - this.#told >= TRUSTED) this.mic.setMuted(true);
    if (now - this.#asked >= AGAIN) void this.#tell(held);
  }

  async #tell(held: readonly string[]): Promise<void> {
    const sent = (this.#asked = performance.now());
    try {
      await this.commands.talkback(true, held, this.#next(), AbortSignal.timeout(TRUSTED));
      if (this.to === held) this.#heard(sent);
    } catch (error) {
      if (this.to === held) this.#doubt(error);
    }
  }

  #heard(sent: number): void {
    if (performance.now() - sent >= TRUSTED) return;
    this.#told = Math.max(this.#told, sent);
    this.error = '';
    this.mic.setMuted(false);
  }

  #doubt(error: unknown): void {
    this.#told = -Infinity;
    this.mic.setMuted(true);
    this.error = `Nobody hears you at the moment. ${sentence(error)}`;
  }

  /** Grows over a reload too, in which the seat's session may stay. */
  #next(): number {
    return (this.#number = Math.max(this.#number + 1, Date.now()));
  }
}
