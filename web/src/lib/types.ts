// What the server says, as it says it. Times in `Card` are Unix seconds, times in `Space` ISO 8601 in UTC.

export type SpaceState = 'scheduled' | 'doors' | 'live' | 'ended' | 'cancelled';
export type Programme = 'none' | 'preshow' | 'conversation' | 'hold' | 'end';
export type Role = 'host' | 'cohost' | 'speaker' | 'producer';
export type ReplayState = 'none' | 'preparing' | 'ready' | 'failed';

export interface Replay {
  state: ReplayState;
  duration: number;
  trim_start: boolean;
}

export interface Person {
  display_name: string;
  account: string | null;
}

export interface Voice {
  seat: string;
  name: string;
  role: Role;
  on_air: boolean;
  muted: boolean;
  connected: boolean;
  speaking: boolean;
  level: number;
}

/** Who listens, at all edges together: pages are counted, other players estimated. */
export interface Audience {
  listening: number;
  /** Of these, players without a page, by how often they ask for the stream. */
  estimated: number;
  /** The most at once. */
  peak: number;
  /** Different pages so far. */
  unique: number;
  /** Pages whose sound stopped in the last `within` seconds. */
  stalled: number;
  /** Of `unique`, those whose sound ever stopped; 0 to 1. */
  stalled_share: number;
  /** One page in so many reports, and stands for the others. */
  one_in: number;
  /** Seconds for which a report counts. */
  within: number;
}

/** `live.json`: what anybody may know of a Space. */
export interface Card {
  id: string;
  title: string;
  description: string;
  state: SpaceState;
  programme: Programme;
  host: Person;
  now: number;
  starts_at: number | null;
  doors_at: number | null;
  live_at: number | null;
  ended_at: number | null;
  speakers: Voice[];
  listening: number;
  recorded: boolean;
  sample: boolean;
  replay: Replay;
  audience: Audience;
}

export interface Space {
  id: string;
  title: string;
  description: string;
  state: SpaceState;
  url: string;
  host: Person;
  starts_at: string | null;
  doors_at: string | null;
  live_at: string | null;
  ended_at: string | null;
  record: boolean;
  sample: boolean;
  hold: boolean;
  /** Seconds the programme is behind the stage, so that what was said can be taken back. */
  delay?: number;
  /** A seat that gives back the others' sound is silenced by the stage. */
  mute_echo?: boolean;
  speakers: { seat: string; name: string; role: Role }[];
  replay: Replay;
  preshow: boolean;
  you: { seat: string | null; role: Role | null; can: string[] } | null;
}

export interface Listing {
  live: Space[];
  scheduled: Space[];
  ended: Space[];
}

export interface Me {
  account: { name: string; display_name: string; role: AccountRole } | null;
  owner_exists: boolean;
  passkeys: number;
}
export type AccountRole = 'owner' | 'moderator' | 'member';

export interface SeatGrant {
  space: string;
  seat: string;
  token: string;
  whip: string;
  role: Role;
}

export type RequestState = 'pending' | 'approved' | 'declined' | 'withdrawn' | 'accepted';

export interface Invitation {
  id: string;
  role: Role;
  name: string;
  accepted: boolean;
  /** Null for a place that is kept for an account. */
  expires_at: string | null;
  /** The seat it became. */
  seat?: string | null;
}

export interface InvitationCard {
  space: Space;
  role: Role;
  /** Of the seat, once somebody accepted. */
  name: string;
  from: string;
  accepted: boolean;
}

export interface Session {
  id: string;
  created_at: string;
  last_seen_at: string;
  user_agent: string;
  current: boolean;
}

export interface Passkey {
  id: string;
  label: string;
  created_at: string;
}

export interface Token {
  id: string;
  label: string;
  scopes: string[];
  created_at: string;
  expires_at: string | null;
}

export type Connected = 'absent' | 'connecting' | 'connected' | 'reconnecting';

export interface Health {
  loss: number;
  jitter_ms: number;
  concealed: number;
  narrowband: boolean;
  clipping: boolean;
  /** The microphone gives not even a room's noise. */
  dead?: boolean;
  /** It gives back what its owner is sent. */
  echo?: boolean;
}

export type Fault = 'narrowband' | 'clipping' | 'noise' | 'echo' | 'loss' | 'quiet' | 'silent';
export type Grade = 'good' | 'fair' | 'poor';
export type PreflightStep = 'speak' | 'quiet' | 'listen' | 'done';

/** The ten seconds in which a speaker's sound is checked, or what they found. */
export interface Preflight {
  step: PreflightStep;
  ends_at: number;
  grade: Grade | null;
  faults: Fault[];
  at: number;
}

/** What its owner may not know: an open microphone nobody speaks into, a whisper that is heard. */
export type Guard = '' | 'forgotten' | 'aside';

export interface DeskSeat {
  id: string;
  name: string;
  role: Role;
  account: string | null;
  on_air: boolean;
  /** Has been put on air by somebody who directs; then the speaker switches alone. Absent means yes. */
  aired?: boolean;
  /** Somebody who directs switched it off; only somebody who directs opens it. Absent means no. */
  held?: boolean;
  muted: boolean;
  connected: Connected;
  level: number;
  speaking: boolean;
  /** By which ways sound comes at this moment, and which of them is heard. */
  uplinks?: { first: boolean; second: boolean; second_carries: boolean };
  health: Health | null;
  preflight?: Preflight | null;
  guard?: Guard;
  /** Why the stage itself keeps the seat out of the conversation. */
  silenced?: '' | 'echo';
  /** Seconds for which it has been on air in a live conversation; 0 when it is not. */
  on_air_for?: number;
}

export type Part = 'seat' | 'mixer' | 'packager' | 'edge' | 'recording' | 'monitor';

/** Something is wrong now; sentences and cures are the page's. */
export interface Alarm {
  code: string;
  part: Part;
  seat: string | null;
  /** The edge's address, or nothing. */
  where: string;
  since: number;
}

/** What somebody who listens at an edge found there, `age` seconds ago. */
export interface Heard {
  edge: string;
  fault: Part | null;
  what: string;
  age: number;
}

/** Somebody who directs talks past the programme; nobody in `to` means everybody on stage. */
export interface Talkback {
  by: string;
  to: string[];
}

export interface Hand {
  id: string;
  name: string;
  asked_at: number;
}

/** One event of the desk, five times a second. */
export interface Desk {
  at: number;
  revision: number;
  state: SpaceState;
  programme: Programme;
  title: string;
  live_at: number | null;
  doors_at: number | null;
  starts_at: number | null;
  recording: boolean;
  you: string;
  may_direct: boolean;
  seats: DeskSeat[];
  hands?: Hand[];
  programme_level: number;
  /** Somebody who directs asked for the hold sound. */
  hold?: boolean;
  /** Seconds for which nobody on air has been heard, while live; 0 for a pause. */
  dead_air?: number;
  /** The silence is to be heard: no hold sound comes by itself. */
  silence_intended?: boolean;
  /** Seconds between the stage and the listeners' programme, chosen before the start. */
  delay?: number;
  /** An echoing seat is silenced by the stage itself. */
  mute_echo?: boolean;
  /** When somebody last took back what was not yet out. */
  dumped_at?: number | null;
  /** How many seconds of the conversation that were. */
  dumped?: number;
  talkback?: Talkback[];
  /** Newest last; for those who direct. */
  alarms?: Alarm[];
  heard?: Heard[];
  /** For those who direct. */
  audience?: Audience;
}
