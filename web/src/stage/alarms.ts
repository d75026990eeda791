// What is wrong, as a sentence that says what and what to do, and what is fine. Pure.
import type { Alarm, Desk, DeskSeat, Heard, Part } from '../lib/types';
import { condition, silence } from './derive';

/** One alarm as it is read: the part first, then what is wrong with it, then the cure. */
export interface Warning {
  key: string;
  part: string;
  what: string;
  cure: string;
  /** The seat that one press may mute. */
  mutes: DeskSeat | null;
  /** The seat that the rule against echoes shut and one press lets be heard. */
  frees?: DeskSeat;
}

const SEAT: Record<string, [what: string, cure: string]> = {
  narrowband: ['sounds as by phone.', 'Another microphone, or leaving Bluetooth, helps.'],
  dead: ['gives no sound at all.', 'Ask whether the microphone is switched off, at its cable or its key.'],
  clipping: ['is too loud and distorts.', 'Ask for a little more distance.'],
  echo: ['sends the others’ voices back.', 'Mute until they wear headphones.'],
  loss: ['breaks up.', 'A cable or a nearer access point helps.'],
  absent: ['is on air and not here.', 'The seat is kept. Go on without them, or take them off air.'],
  forgotten: ['has an open microphone and has not spoken for two minutes.', 'Mute, or ask by talkback.'],
  aside: ['speaks far below their usual level, and is heard.', 'If that is not meant for the listeners, mute.'],
};
const HEARD: Record<string, string> = {
  silence: 'The listeners hear nothing.',
  late: 'The listeners’ sound comes late.',
  missing: 'Sound is missing for the listeners.',
  narrow: 'The listeners hear it muffled.',
  clipped: 'The listeners hear it distorted.',
  different: 'The listeners hear something else than the stage.',
};
const RECORDING: Record<string, [what: string, cure: string]> = {
  disk_full: ['The disk is full.', 'Free space on the server now: the programme is recorded last of all to stop.'],
  disk_slow: ['The disk is slow.', 'What is recorded waits in memory. Stop what else writes to this disk.'],
  tracks_dropped: ['The single voices are not recorded any more.', 'The programme still is. Free space on the server.'],
};
const MONITOR: typeof RECORDING = {
  silent: ['has fallen silent: what the listeners hear is watched no more.', 'The sound goes on. Listen yourself, and tell whoever runs the server.'],
};
const CURES: Record<Exclude<Part, 'seat'>, string> = {
  mixer: 'Put up the hold sound and tell whoever runs the server.',
  packager: 'The stage is fine; tell whoever runs the server.',
  edge: 'The others are fine. Take this edge out of service, or restart it.',
  recording: 'Tell whoever runs the server.',
  monitor: 'Tell whoever runs the server.',
};
const NAMES: Record<Part, string> = { seat: 'Seat', mixer: 'Mixer', packager: 'Packager', edge: 'Edge', recording: 'Recording', monitor: 'Monitor' };

/** An address as people call it: without what every address begins with. */
export const place = (address: string): string => address.replace(/^https?:\/\//u, '').replace(/\/$/u, '');

function ofSeat(alarm: Alarm, seat: DeskSeat | undefined): Omit<Warning, 'key'> {
  const [what, cure] = SEAT[alarm.code] ?? [HEARD[alarm.code]?.toLowerCase() ?? 'has a fault.', 'Ask them by talkback.'];
  const mutes = seat && !seat.muted && ['echo', 'forgotten', 'aside', 'clipping'].includes(alarm.code) ? seat : null;
  if (alarm.code === 'echo' && seat?.silenced === 'echo') return { part: seat.name, what: 'is silenced because of an echo.', cure: 'Headphones cure it; then they are heard again by themselves.', mutes: null, frees: seat };
  return { part: seat?.name ?? NAMES.seat, what, cure, mutes };
}

export function warning(alarm: Alarm, desk: Desk): Warning {
  const key = `${alarm.code} ${alarm.part} ${alarm.seat ?? ''} ${alarm.where}`;
  if (alarm.code === 'dead_air') return { key, part: 'Programme', what: silence(desk) || 'Nobody on air is heard.', cure: 'Bring somebody in by talkback, or say that the silence is intended.', mutes: null };
  const { part } = alarm;
  if (part === 'seat' && alarm.seat === null) return { key, part: 'Somebody on air', what: `cannot be heard well. ${HEARD[alarm.code] ?? ''}`.trim(), cure: 'Look below for who is muted, silent or not here.', mutes: null };
  if (part === 'seat') return { key, ...ofSeat(alarm, desk.seats.find(({ id }) => id === alarm.seat)) };
  const named = alarm.where ? `${NAMES[part]}, at ${place(alarm.where)}` : NAMES[part];
  const [what, cure] = { recording: RECORDING, monitor: MONITOR }[part as string]?.[alarm.code] ?? [HEARD[alarm.code] ?? 'Something is wrong with it.', CURES[part]];
  return { key, part: named, what, cure, mutes: null };
}

/** Every alarm there is, oldest first, so that none moves under a hand. A silence on air is one as long as the desk counts it. */
export function warnings(desk: Desk): Warning[] {
  const told = (desk.alarms ?? []).filter(({ code }) => code !== 'dead_air');
  const silent = desk.dead_air && !desk.hold && !desk.silence_intended;
  const own: Alarm[] = silent ? [{ code: 'dead_air', part: 'mixer', seat: null, where: '', since: desk.at - (desk.dead_air ?? 0) }] : [];
  return [...told, ...own].map((alarm) => warning(alarm, desk));
}

/** What the listeners of one edge hear, by somebody who listens there. */
export function heardLine({ fault, what, age }: Heard): string {
  const when = age < 10 ? '' : ` That was ${Math.round(age)} s ago; nobody has listened there since.`;
  if (fault === null) return `As it should be.${when}`;
  return `${HEARD[what] ?? 'Something is wrong.'} The fault is ${fault === 'seat' ? 'at a seat' : `in the ${fault}`}.${when}`;
}

/** One quiet line for each part that nothing is wrong with. */
export function fine(desk: Desk): string[] {
  const sick = new Set((desk.alarms ?? []).map(({ part }) => part));
  const lines: string[] = [];
  const here = desk.seats.filter((seat) => seat.connected === 'connected' && seat.role !== 'producer');
  const well = !sick.has('seat') && here.every((seat) => !condition(seat).cure);
  if (well && here.length) lines.push(here.length === 1 ? 'Seats: the one that is here is fine' : `Seats: all ${here.length} that are here are fine`);
  if (desk.heard?.length) {
    for (const part of ['mixer', 'packager'] as const) if (!sick.has(part)) lines.push(`${NAMES[part]}: fine`);
  }
  if (!sick.has('recording')) lines.push(desk.recording ? `Recording: ${desk.state === 'live' ? 'running' : 'begins with the start'}` : 'Recording: off, as chosen');
  return lines;
}
