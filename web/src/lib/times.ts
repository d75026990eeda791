// Times as people read them. Pure: the moment and the zone are handed in.

const pad = (n: number): string => String(n).padStart(2, '0');

/** 2537 → "0:42:17": elapsed time, always with hours so that it does not jump. */
export function elapsed(seconds: number): string {
  const s = Math.max(0, Math.floor(seconds));
  return `${Math.floor(s / 3600)}:${pad(Math.floor(s / 60) % 60)}:${pad(s % 60)}`;
}

/** 137 → "2:17"; from an hour on "1:02:17". */
export function position(seconds: number): string {
  const s = Math.max(0, Math.floor(seconds));
  return s >= 3600 ? elapsed(s) : `${Math.floor(s / 60)}:${pad(s % 60)}`;
}

const plural = (n: number, unit: string): string => `${n} ${unit}${n === 1 ? '' : 's'}`;

/** How long, in at most two units: "2 days 3 hours", "1 hour 5 minutes", "4 minutes", "40 seconds". */
export function span(seconds: number): string {
  const s = Math.max(0, Math.round(seconds));
  if (s < 60) return plural(s, 'second');
  const minutes = Math.floor(s / 60);
  if (minutes < 60) return plural(minutes, 'minute');
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return two(plural(hours, 'hour'), minutes % 60, 'minute');
  return two(plural(Math.floor(hours / 24), 'day'), hours % 24, 'hour');
}

function two(first: string, rest: number, unit: string): string {
  return rest ? `${first} ${plural(rest, unit)}` : first;
}

function parts(unix: number, zone: string, options: Intl.DateTimeFormatOptions): string {
  return new Intl.DateTimeFormat('en-GB', { timeZone: zone, ...options }).format(new Date(unix * 1000));
}

const hours = (unix: number, zone: string): string =>
  parts(unix, zone, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });

/** "20:00, your time (18:00 UTC)", or "18:00 UTC" for a reader who lives there. */
export function timeWithZone(unix: number, zone: string): string {
  const here = hours(unix, zone);
  const utc = hours(unix, 'UTC');
  const sameDay = dayKey(unix, zone) === dayKey(unix, 'UTC');
  if (here === utc && sameDay) return `${utc} UTC`;
  const day = sameDay ? '' : `${parts(unix, 'UTC', { weekday: 'long' })} `;
  return `${here}, your time (${day}${utc} UTC)`;
}

/** Whose time "your time" is, said once where times are; nothing for a reader on UTC. */
export function zoneNote(zone: string): string {
  const place = zone.split('/').at(-1)?.replaceAll('_', ' ') ?? '';
  return ['UTC', 'GMT', ''].includes(place) ? '' : `Your time is that of ${place}.`;
}

const dayKey = (unix: number, zone: string): string =>
  parts(unix, zone, { year: 'numeric', month: '2-digit', day: '2-digit' });

/** "12 August", with the year when it is not this one. */
export function date(unix: number, now: number, zone: string): string {
  const text = parts(unix, zone, { day: 'numeric', month: 'long' });
  const year = parts(unix, zone, { year: 'numeric' });
  return year === parts(now, zone, { year: 'numeric' }) ? text : `${text} ${year}`;
}

/** The same with its weekday. */
export const day = (unix: number, now: number, zone: string): string => `${parts(unix, zone, { weekday: 'long' })} ${date(unix, now, zone)}`;

/** "today", "tomorrow", or the day. */
export function dayFromHere(unix: number, now: number, zone: string): string {
  if (dayKey(unix, zone) === dayKey(now, zone)) return 'today';
  if (dayKey(unix, zone) === dayKey(now + 86_400, zone)) return 'tomorrow';
  return day(unix, now, zone);
}

/** "12 August 2024, 20:00" in the reader's zone. */
export function stamp(unix: number, zone: string): string {
  return `${parts(unix, zone, { day: 'numeric', month: 'long', year: 'numeric' })}, ${hours(unix, zone)}`;
}

/** 42 minutes of replay: "42 min", "1 h 5 min", "38 s". */
export function length(seconds: number): string {
  const s = Math.round(seconds);
  if (s < 60) return `${s} s`;
  const minutes = Math.round(s / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

export const zoneHere = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC';
export const unix = (iso: string | null): number | null => (iso === null ? null : Date.parse(iso) / 1000);
export const count = (n: number): string => new Intl.NumberFormat('en-GB').format(n);
