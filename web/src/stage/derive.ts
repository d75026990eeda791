// What the desk means for the person looking at it. Pure.
import { listed } from '../lib/names';
import type { Card, Desk, DeskSeat, Space, Talkback } from '../lib/types';
import { gradeOf, type Told } from './preflight';

export type Light = 'air' | 'air-muted' | 'talk' | 'hold' | 'unheard' | 'unsure' | 'backstage' | 'over';

export const mySeat = (desk: Desk | null): DeskSeat | null => desk?.seats.find((seat) => seat.id === desk.you) ?? null;

/** `sound` goes to the stage and back; `sight`: what the desk says is of this moment. */
export interface Links {
  sound: boolean;
  sight: boolean;
}

/** What the band at the top must say. Where it is not known whether one is heard, it is safest to think so. */
export function light(desk: Desk | null, { sound, sight }: Links): Light {
  const me = mySeat(desk);
  if (!desk) return 'unheard';
  if (desk.state === 'ended' || desk.state === 'cancelled') return 'over';
  const airs = desk.state === 'live' && me?.on_air;
  const second = sight && me?.uplinks?.second_carries; // another device of one's own is heard
  if (airs && !sound && !second) return 'unheard';
  if (!sight) return 'unsure';
  if (talking(desk)) return 'talk';
  if (!airs) return 'backstage';
  if (desk.programme === 'hold' && desk.hold !== false) return 'hold'; // one that silence brought ends with the first word: that microphone is hot
  return me.muted || me.silenced ? 'air-muted' : 'air';
}

/** What this reader says past the programme at the moment. */
const talking = (desk: Desk): Talkback | undefined => desk.talkback?.find(({ by }) => by === desk.you);

/** "Ada and Ben hear you", as a sentence. */
function hearers(desk: Desk): string {
  const names = desk.seats.filter(({ id }) => talking(desk)?.to.includes(id)).map(({ name }) => name);
  if (!names.length || names.length > 3) return 'Everybody on stage hears you';
  return `${listed(names)} ${names.length === 1 ? 'hears' : 'hear'} you`;
}

export function lightSentence(shown: Light, desk: Desk | null): string {
  if (shown === 'air') return desk?.programme === 'hold' ? 'The listeners hear the hold sound until somebody speaks.' : 'Everybody hears you.';
  if (shown === 'air-muted') return mySeat(desk)?.silenced ? 'You are silenced until your echo is gone. Nobody hears you.' : 'You are muted. Nobody hears you.';
  if (shown === 'talk' && desk) return `${hearers(desk)}; the listeners do not.`;
  if (shown === 'hold') return 'The listeners hear the hold sound. Only the others on stage hear you.';
  if (shown === 'unheard') return 'Nobody hears you until your sound is connected. You need do nothing.';
  if (shown === 'unsure') return 'We are getting the stage back. Until then, take it that you may be heard.';
  if (shown === 'over') {
    if (desk?.state === 'cancelled') return 'This conversation was cancelled.';
    return desk && dumpable(desk) ? `It is over on stage. The listeners still hear its last ${desk.delay} seconds.` : 'The conversation is over.';
  }
  const me = mySeat(desk);
  if (me?.role === 'producer') return 'You work the show; nobody hears you.';
  const alone = 'Only the others on stage hear you.';
  if (me && awaitsAir(me)) return `${alone} The host puts you on air.`;
  if (desk?.state !== 'live') return me?.on_air ? `${alone} You go on air when the conversation starts.` : alone;
  return alone;
}

/** What taking the seat leads to, said before the press. While the card is not known, it is safest to expect to be heard. */
export function beforeSeat(card: Card | null, { state, you }: Pick<Space, 'state' | 'you'>): string {
  const own = you?.seat ? card?.speakers.find((voice) => voice.seat === you.seat) : null;
  const airs = you?.seat ? (own?.on_air ?? card === null) : you?.role === 'host';
  const heard =
    (card?.state ?? state) === 'live' && airs
      ? 'This conversation is live, and your seat is on air: everybody hears you as soon as you take it.'
      : 'Backstage only the others on stage hear you.';
  return you?.seat ? `${heard} Where your seat is open in another browser, it is lost there.` : heard;
}

/** What is said to whoever sits here and nowhere else: by those who direct, and by the stage that watches over a hot microphone. */
export function toldToMe(desk: Desk): string[] {
  const me = mySeat(desk);
  const told = (desk.talkback ?? [])
    .filter(({ by, to }) => by !== desk.you && (!to.length || to.includes(desk.you)))
    .map(({ by }) => desk.seats.find(({ id }) => id === by))
    .map((seat) => `${!seat || seat.role === 'producer' ? 'The producer' : seat.name} is talking to you; the listeners do not hear it.`);
  if (me?.silenced === 'echo') told.push('The others’ voices come back from you, so you are silenced. Headphones cure it; then you are heard again.');
  if (me?.guard === 'forgotten') told.push('Your microphone is open, and you have not spoken for two minutes. Mute while you listen.');
  if (me?.guard === 'aside') told.push('You speak far below your usual level, and everybody hears it. Mute if they should not.');
  return told;
}

/** A guest comes on air by the hand of somebody who directs, and only then switches alone. */
export const awaitsAir = (me: DeskSeat): boolean => !me.on_air && me.aired === false;

/** Muted by somebody who directs: the button to unmute would be refused. Who directs opens every microphone, their own too. */
export function shut(desk: Desk | null): boolean {
  const me = mySeat(desk);
  return me?.muted === true && me.held === true && !desk?.may_direct;
}

/** A seat that sends twice, as whoever sits there is told it; empty when it does not. */
export function secondWay({ uplinks }: DeskSeat): string {
  if (!uplinks?.second) return '';
  return uplinks.second_carries && !uplinks.first ? 'Your second device is heard; the browser’s sound is being connected again.' : uplinks.second_carries ? 'Your second device is heard; the browser’s sound is ready.' : 'Your second device is ready.';
}

/** The same in a quiet word, for those who direct. */
export const secondWord = ({ uplinks }: DeskSeat): string => (!uplinks?.second ? '' : uplinks.second_carries ? 'heard by the second device' : 'second device ready');

/** Nobody hears the seat's microphone, whoever shut it. */
export const isShut = (seat: DeskSeat): boolean => seat.muted || isSilenced(seat);

/** Shut by the rule against echoes alone: one press lets it be heard. */
export const isSilenced = (seat: DeskSeat): boolean => !!seat.silenced && !seat.muted;

/** The next thing to do, for whoever directs. */
export type Step = 'doors' | 'live' | 'end' | null;
export function nextStep(desk: Desk | null): Step {
  if (!desk?.may_direct) return null;
  if (desk.state === 'scheduled') return 'doors';
  if (desk.state === 'doors') return 'live';
  return desk.state === 'live' ? 'end' : null;
}

/** The seconds that whoever directs can take back at the moment: with a delay, the last words go out when the conversation has ended. */
export function dumpable(desk: Desk): number {
  const ending = desk.state === 'ended' && (desk.programme === 'conversation' || desk.programme === 'hold');
  return desk.may_direct && (desk.state === 'live' || ending) ? (desk.delay ?? 0) : 0;
}

/** What a dump took back. */
export function dumped(seconds: number): string {
  const told = Math.round(seconds * 10) / 10;
  if (told === 0) return 'Nothing that was said was waiting to go out.';
  return told === 1 ? 'The last second was replaced by the hold sound.' : `The last ${told} seconds were replaced by the hold sound.`;
}

/** What was taken back a moment ago, whoever pressed; empty when nothing was. */
export function dumpLine(desk: Desk, now: number): string {
  const ago = desk.dumped_at == null ? Infinity : now - desk.dumped_at;
  return ago < 60 && desk.dumped !== undefined ? dumped(desk.dumped) : '';
}

/** What whoever directs must know of a silence on air; empty when there is none. */
export function silence(desk: Desk): string {
  if (desk.silence_intended) return 'The silence is heard as long as it lasts.';
  if (!desk.dead_air || desk.hold) return '';
  const after = desk.programme === 'hold' ? 'The listeners hear the hold sound; the first word ends it.' : 'After 15 seconds the hold sound comes.';
  return `Nobody on air is heard. ${after}`;
}

/** Those who can be heard, in the order in which they came: a number that does not change while people move. */
export const numbered = (desk: Desk): DeskSeat[] => desk.seats.filter((seat) => seat.role !== 'producer');

export interface Place {
  id: 'air' | 'backstage' | 'absent' | 'show';
  title: string;
  seats: DeskSeat[];
}

/** Who is where, place by place, without the empty ones. */
export function rundown(desk: Desk): Place[] {
  const here = (seat: DeskSeat): boolean => seat.connected !== 'absent';
  const voices = numbered(desk);
  const places: Place[] = [
    { id: 'air', title: desk.state === 'live' ? 'On air' : 'On air at the start', seats: voices.filter((seat) => seat.on_air) },
    { id: 'backstage', title: 'Backstage', seats: voices.filter((seat) => !seat.on_air && here(seat)) },
    { id: 'absent', title: 'Not here', seats: voices.filter((seat) => !seat.on_air && !here(seat)) },
    { id: 'show', title: 'Working the show', seats: desk.seats.filter((seat) => seat.role === 'producer') },
  ];
  return places.filter(({ seats }) => seats.length);
}

export interface Columns {
  air: DeskSeat[];
  backstage: DeskSeat[];
}

export function columns(desk: Desk): Columns {
  const heard = desk.seats.filter((seat) => seat.role !== 'producer');
  const producers = desk.seats.filter((seat) => seat.role === 'producer');
  return { air: heard.filter((seat) => seat.on_air), backstage: [...heard.filter((seat) => !seat.on_air), ...producers] };
}

export interface Condition {
  word: string;
  /** What to do about it, when something is to be done. */
  cure: string;
}

/** A seat's health in a word, and the cure, as told to whoever sits there (`own`) or to whoever looks after them. */
export function condition(seat: DeskSeat, own = false): Condition {
  if (seat.connected === 'absent') return { word: 'not here yet', cure: '' };
  if (seat.connected === 'connecting') return { word: 'connecting', cure: '' };
  if (seat.connected === 'reconnecting') return { word: 'reconnecting', cure: 'The seat is kept; it comes back by itself.' };
  if (seat.silenced === 'echo') return { word: 'silenced: echo', cure: own ? 'Headphones cure it.' : 'Headphones cure it.' };
  const { health } = seat;
  if (!health || seat.role === 'producer') return { word: 'here', cure: '' };
  if (health.dead && !seat.muted) return { word: 'no sound', cure: 'Is the microphone switched off, at its cable or its key?' };
  if (health.echo && !seat.muted) return { word: 'echo', cure: 'Headphones help. Until then, mute while others speak.' };
  if (health.clipping) return { word: 'clipping', cure: own ? 'Too loud: a little more distance.' : 'Too loud: ask for a little more distance.' };
  if (health.loss > 0.1 || health.concealed > 0.08) return { word: 'breaking up', cure: 'A cable or a nearer access point helps.' };
  if (health.loss > 0.03 || health.concealed > 0.03) return { word: 'small losses', cure: 'The network drops some packets.' };
  if (health.narrowband) return { word: 'phone sound', cure: own ? 'You sound as by phone: another microphone or leaving Bluetooth helps.' : 'Another microphone or leaving Bluetooth helps.' };
  return { word: 'good', cure: '' };
}

/** One person's row, as those who direct are shown it. */
export interface Row {
  own: boolean;
  /** Has a microphone here: whoever works the show has none. */
  heard: boolean;
  /** Their key, from 1; 0 for whoever is not heard. */
  number: number;
  health: Condition;
  grade: Told;
  shut: boolean;
  silenced: boolean;
  second: string;
}

export function rowOf(seat: DeskSeat, desk: Desk): Row {
  const own = seat.id === desk.you;
  return {
    own,
    heard: seat.role !== 'producer',
    number: numbered(desk).findIndex(({ id }) => id === seat.id) + 1,
    health: condition(seat, own),
    grade: gradeOf(seat),
    shut: isShut(seat),
    silenced: isSilenced(seat),
    second: secondWord(seat),
  };
}
