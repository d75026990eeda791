// The server's time, told from what it stamps on its answers. A cached answer is old, never early: the largest offset is the truest.
// When the truest is forgotten, time stands until the next catches up: a clock on a page goes back only if somebody set one.

const KEPT = 12;
const SET = 5; // seconds: more than answers are late by

export class ServerClock {
  #offsets: number[] = [];
  #shown = -Infinity;

  /** `stamped` is the server's Unix time in an answer that arrived at local time `local` (both in seconds). */
  learn(stamped: number, local: number): void {
    this.#offsets.push(stamped - local);
    if (this.#offsets.length > KEPT) this.#offsets.shift();
  }

  /** Seconds to add to the local clock. */
  get offset(): number {
    return this.#offsets.length ? Math.max(...this.#offsets) : 0;
  }

  at(local: number): number {
    const time = local + this.offset;
    if (!this.#offsets.length) return time;
    return (this.#shown = this.#shown - time < SET ? Math.max(this.#shown, time) : time);
  }
}
