/** A list answered bare or under a name. */
export function listOf<T>(answer: unknown, name: string): T[] {
  if (Array.isArray(answer)) return answer as T[];
  const inside = (answer as Record<string, unknown> | null)?.[name];
  return Array.isArray(inside) ? (inside as T[]) : [];
}
