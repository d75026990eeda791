// What the browser remembers, where it may; private windows that refuse storage are survived.

/** Until the tab is closed, or from visit to visit. */
export type Memory = 'tab' | 'browser';
const storage = (memory: Memory): Storage => (memory === 'tab' ? sessionStorage : localStorage);

export function recall<T>(key: string, memory: Memory = 'browser'): T | null {
  try {
    const text = storage(memory).getItem(`hustings.${key}`);
    return text === null ? null : (JSON.parse(text) as T);
  } catch {
    return null;
  }
}

export function keep(key: string, value: unknown, memory: Memory = 'browser'): void {
  try {
    if (value === null) storage(memory).removeItem(`hustings.${key}`);
    else storage(memory).setItem(`hustings.${key}`, JSON.stringify(value));
  } catch {
    // storage refused or full: the page works on without memory
  }
}
