// The server's time, told from what it stamps on its answers. A cached answer is old, never early: the largest offset is the truest.

const KEPT = 12;

export class ServerClock {
  #offsets: number[] = [];

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
    return local + this.offset;
  }
}
