// Whether somebody who directs keeps one's microphone shut, as far as this page can tell: a switch closed without a press here,
// or the server refused to open it. Then nothing is offered that would be refused.
import { ApiError } from '../lib/api';

type Switch = 'voice' | 'air';

export class Held {
  on = $state(false);
  readonly #open: Record<Switch, boolean | null> = { voice: null, air: null }; // as last seen or pressed

  /** What the desk shows whenever it changes. Only somebody who directs opens what is held. */
  saw(which: Switch, open: boolean): void {
    if (open) this.on = false;
    else if (this.#open[which]) this.on = true;
    this.#open[which] = open;
  }

  pressed(which: Switch, open: boolean): void {
    this.#open[which] = open;
  }

  /** True when this is the refusal of a held microphone: the page then says so by itself. */
  refuses(error: unknown): boolean {
    const refused = error instanceof ApiError && error.status === 403;
    if (refused) this.on = true;
    return refused;
  }
}
