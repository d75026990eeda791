// Server-sent events out of chunks of text (WHATWG HTML §9.2.6). Only what the desk uses: data lines; ids and retry are ignored.

export class EventReader {
  #rest = '';
  #data: string[] = [];

  /** Complete events' data in `chunk` and what came before it. */
  feed(chunk: string): string[] {
    const events: string[] = [];
    const lines = (this.#rest + chunk).split(/\r\n|\n|\r(?!$)/u);
    this.#rest = lines.pop() ?? '';
    for (const line of lines) this.#line(line, events);
    return events;
  }

  #line(line: string, events: string[]): void {
    if (line === '') {
      if (this.#data.length) events.push(this.#data.join('\n'));
      this.#data = [];
    } else if (line.startsWith('data:')) {
      this.#data.push(line.slice(5).replace(/^ /u, ''));
    }
  }
}
