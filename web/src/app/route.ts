// Which page an address means. Pure; every link is an ordinary link.

export type Route =
  | { page: 'home' | 'sign-in' | 'setup' | 'me' | 'new' | 'status' | 'nothing' }
  | { page: 'profile'; account: string }
  | { page: 'join'; secret: string }
  | { page: 'stage'; space: string };

const PLAIN = new Set(['sign-in', 'setup', 'me', 'new', 'status'] as const);
type Plain = typeof PLAIN extends Set<infer P> ? P : never;

export function route(path: string): Route {
  const [first = '', second = '', third = '', ...more] = path.split('/').filter(Boolean).map(decode);
  if (!first) return { page: 'home' };
  if (more.length) return { page: 'nothing' };
  if (!second && PLAIN.has(first as Plain)) return { page: first as Plain };
  if (!second && first.startsWith('@') && first.length > 1) return { page: 'profile', account: first.slice(1) };
  if (first === 'join' && second && !third) return { page: 'join', secret: second };
  if (first === 'spaces' && second && third === 'stage') return { page: 'stage', space: second };
  return { page: 'nothing' };
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
