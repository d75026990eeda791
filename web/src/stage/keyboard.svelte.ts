// The desk by keyboard alone: single keys, held where they are dangerous, silent while somebody types.
import type { Desk } from '../lib/types';
import type { Cues } from './cues.svelte';
import { nextStep } from './derive';
import { meaning, type Meaning } from './keys';
import type { Talk } from './talk.svelte';

const PICKED = 5000; // ms a chosen seat stays chosen

/** Keys that a field, a list or a dialogue has for itself, and what the browser has. */
export function typed(event: KeyboardEvent): boolean {
  const target = event.target instanceof Element ? event.target : null;
  return event.ctrlKey || event.metaKey || event.altKey || !!target?.closest('input:not([type=range], [type=checkbox], [type=radio], [type=file]), textarea, select, dialog, [contenteditable]');
}

export class Keyboard {
  /** The seat that a number chose. */
  picked = $state<string | null>(null);
  /** What is being held until it happens. */
  holding = $state<'go' | 'end' | null>(null);
  /** The list of keys is open. */
  listed = $state(false);
  #held = ''; // the key that is down
  #timer: ReturnType<typeof setTimeout> | undefined;
  #dropping: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly desk: () => Desk | null,
    private readonly cues: Cues,
    private readonly talk: Talk,
  ) {}

  /** True when the key meant something here. */
  down = (event: KeyboardEvent): boolean => {
    const desk = this.desk();
    if (!desk?.may_direct || typed(event)) return false;
    const meant = meaning(event.key, desk, this.picked);
    if (!meant) return false;
    event.preventDefault();
    if (!event.repeat) this.#act(meant, event.key.toLowerCase());
    return true;
  };

  up = (event: KeyboardEvent): void => {
    if (event.key.toLowerCase() === this.#held) this.release();
  };

  /** The key, the window or the page is let go. */
  release = (): void => {
    clearTimeout(this.#timer);
    if (this.#held === 't') this.talk.stop();
    this.#held = '';
    this.holding = null;
  };

  drop = (): void => {
    clearTimeout(this.#dropping);
    this.picked = null;
  };

  #act(meant: Meaning, key: string): void {
    if (meant.do === 'pick') return this.#pick(meant.seat);
    if (meant.do === 'go' || meant.do === 'end') this.#hold(meant.do, meant.hold, key);
    else if (meant.do === 'talk') this.#talkTo(meant.to, key);
    else if (meant.do === 'mute') this.cues.mute(meant.seat);
    else if (meant.do === 'air') this.cues.air(meant.seat);
    else if (meant.do === 'keys') this.listed = true;
    else if (meant.do !== 'drop') this.cues[meant.do]();
    this.drop();
  }

  #pick(seat: string): void {
    this.drop();
    this.picked = seat;
    this.#dropping = setTimeout(this.drop, PICKED);
    document.getElementById(`seat-${seat}`)?.focus();
  }

  #hold(what: 'go' | 'end', ms: number, key: string): void {
    this.release();
    this.#held = key;
    this.holding = what;
    const step = nextStep(this.desk());
    this.#timer = setTimeout(() => {
      this.release();
      this.cues.go(step);
    }, ms);
  }

  #talkTo(to: string[], key: string): void {
    this.release();
    this.#held = key;
    void this.talk.start(to);
  }
}
