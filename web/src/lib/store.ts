// What the browser remembers, where it may; private windows that refuse storage are survived.

export function recall<T>(key: string): T | null {
  try {
    const text = localStorage.getItem(`hustings.${key}`);
    return text === null ? null : (JSON.parse(text) as T);
  } catch {
    return null;
  }
}

export function keep(key: string, value: unknown): void {
  try {
    if (value === null) localStorage.removeItem(`hustings.${key}`);
    else localStorage.setItem(`hustings.${key}`, JSON.stringify(value));
  } catch {
    // storage refused or full: the page works on without memory
  }
}
