// Names and roles as they are shown.
import type { Role } from './types';

/** Up to two letters for a portrait: first letters of the first and last word, whatever the script. */
export function initials(name: string): string {
  const words = name.trim().split(/\s+/u).filter(Boolean);
  const first = words[0];
  if (!first) return '?';
  const last = words.length > 1 ? words[words.length - 1] : undefined;
  return (letter(first) + (last ? letter(last) : '')).toLocaleUpperCase();
}

function letter(word: string): string {
  const [found] = new Intl.Segmenter(undefined, { granularity: 'grapheme' }).segment(word.replace(/^[^\p{L}\p{N}]+/u, '') || word);
  return found?.segment ?? '';
}

const ROLES: Record<Role, string> = { host: 'host', cohost: 'co-host', speaker: 'speaker', producer: 'producer' };
export const roleWord = (role: Role): string => ROLES[role];

/** "Ada", "Ada and Ben", "Ada, Ben and Chi". */
export function listed(names: string[]): string {
  if (names.length < 2) return names[0] ?? '';
  return `${names.slice(0, -1).join(', ')} and ${names[names.length - 1]}`;
}

/** Who speaks, as a sentence; empty when nobody does. */
export function whoSpeaks(names: string[]): string {
  if (!names.length) return '';
  if (names.length > 3) return 'Several people are speaking';
  return `${listed(names)} ${names.length === 1 ? 'is' : 'are'} speaking`;
}
