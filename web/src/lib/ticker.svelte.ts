// The moment, as state: components that show clocks read `ticker.now` (server time in Unix seconds) and are redrawn by it.
import { ServerClock } from './clock';

class Ticker {
  readonly clock = new ServerClock();
  now = $state(Date.now() / 1000);

  constructor() {
    setInterval(() => this.#tick(), 250);
  }
  learn(stamped: number): void {
    this.clock.learn(stamped, Date.now() / 1000);
    this.#tick();
  }
  #tick(): void {
    this.now = this.clock.at(Date.now() / 1000);
  }
}

export const ticker = new Ticker();
