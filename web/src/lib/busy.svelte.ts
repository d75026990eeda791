// One act at a time, with its error as a sentence beside it.
import { sentence } from './api';

export class Act {
  busy = $state(false);
  error = $state('');

  /** True when it went well. */
  async run(act: () => Promise<unknown>, say: (error: unknown) => string = sentence): Promise<boolean> {
    if (this.busy) return false;
    this.busy = true;
    this.error = '';
    try {
      await act();
      return true;
    } catch (error) {
      this.error = say(error);
      return false;
    } finally {
      this.busy = false;
    }
  }
}
