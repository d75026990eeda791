// What those who direct do to the show, whichever hand or key asks for it: one act of a kind at a time, its outcome in words.
import { SvelteSet } from 'svelte/reactivity';
import { sentence } from '../lib/api';
import type { Desk } from '../lib/types';
import type { Commands } from './commands';
import { dumped, nextStep, type Step } from './derive';

export class Cues {
  /** What went wrong with the last act. */
  problem = $state('');
  /** What the last act did; read out. */
  done = $state('');
  #running = new SvelteSet<string>();

  constructor(
    readonly commands: Commands,
    private readonly desk: () => Desk | null,
  ) {}

  busy = (kind: string): boolean => this.#running.has(kind);

  async run<T>(kind: string, act: () => Promise<T>, said: string | ((answer: T) => string)): Promise<boolean> {
    if (this.#running.has(kind)) return false;
    this.#running.add(kind);
    this.problem = '';
    try {
      const answer = await act();
      this.done = typeof said === 'string' ? said : said(answer);
      return true;
    } catch (error) {
      this.problem = sentence(error);
      return false;
    } finally {
      this.#running.delete(kind);
    }
  }

  /** `step` is what was asked for; somebody else may have done it since, and what follows it was not meant. */
  go = (step: Step): void => {
    const said = { doors: 'The doors are open.', live: 'The conversation is live.', end: 'The conversation is over.' };
    const next = nextStep(this.desk());
    if (step && (step === next || (step === 'live' && next === 'doors'))) void this.run('show', () => this.commands.go(step), said[step]);
  };
  cancel = (): void => void this.run('show', () => this.commands.go('cancel'), 'The conversation is cancelled.');

  hold = (): void => {
    const on = !this.held;
    void this.run('hold', () => this.commands.hold(on), on ? 'The listeners hear the hold sound.' : 'Back to the conversation.');
  };
  silence = (): void => {
    const on = !this.desk()?.silence_intended;
    void this.run('silence', () => this.commands.silence(on), on ? 'The silence is intended: no hold sound comes.' : 'After 15 seconds of silence the hold sound comes.');
  };
  dump = (): void => {
    void this.run('dump', () => this.commands.dump(), ({ seconds }) => dumped(seconds));
  };
  /** Shuts a microphone, or opens it, whoever shut it: a person or the rule against echoes. */
  mute = (id: string): void => {
    const seat = this.#seat(id);
    const on = !seat?.muted;
    if (seat?.silenced && on) void this.run(`mute ${id}`, () => this.commands.unsilence(id), `${seat.name} is heard again.`);
    else if (seat) void this.run(`mute ${id}`, () => this.commands.mute(id, on), `${seat.name} is ${on ? 'muted' : 'not muted any more'}.`);
  };
  air = (id: string, on = !this.#seat(id)?.on_air): void => {
    const seat = this.#seat(id);
    if (seat && seat.role !== 'producer' && seat.on_air !== on) void this.run(`air ${id}`, () => this.commands.air(id, on), `${seat.name} is ${on ? 'on air' : 'backstage'}.`);
  };

  get held(): boolean {
    const desk = this.desk();
    return desk?.hold ?? desk?.programme === 'hold';
  }

  #seat(id: string) {
    return this.desk()?.seats.find((seat) => seat.id === id);
  }
}
