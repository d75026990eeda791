// The WHIP client (RFC 9725): one microphone out, everyone else in. It comes back by itself until it is told to stop.
import { ApiError, refusal } from '../lib/api';
import { delay, pause } from '../lib/backoff';

export type WhipState = 'connecting' | 'connected' | 'reconnecting' | 'taken' | 'refused' | 'closed';

export interface WhipOptions {
  url: string;
  token: string;
  /** Where the others are heard. */
  audio: HTMLAudioElement;
  onstate: (state: WhipState, why: string) => void;
  /** Whether somebody is heard on this seat at the moment. */
  occupied: () => Promise<boolean>;
  /** Whether the conversation is over; asked when the stage does not know it, as it does not while it restarts. */
  over: () => Promise<boolean>;
}

const GATHERING = 1000; // ms: host candidates arrive well before; late ones are not waited for
const SILENCE = 2; // seconds without inbound packets before the session is opened again
const FIRST_SOUND = 6; // seconds a new session has until its first packet
const RETRY = { first: 0.4, cap: 8 };
const FINAL = new Set([401, 403, 410]);

class Refused extends Error {}

export class WhipSession {
  #track: MediaStreamTrack | null;
  #peer: RTCPeerConnection | null = null;
  #resource: string | null = null;
  #iceServers: RTCIceServer[] | null = null; // asked for once; every answer brings newer ones
  #stop = new AbortController();

  constructor(
    private readonly options: WhipOptions,
    track: MediaStreamTrack | null,
  ) {
    this.#track = track;
  }

  /** Runs until `close`, or until the server refuses the seat for good. */
  async run(): Promise<void> {
    const { signal } = this.#stop;
    let failures = 0;
    while (!signal.aborted) {
      this.options.onstate(failures || this.#resource ? 'reconnecting' : 'connecting', '');
      try {
        await this.#connect();
        await this.#broken(() => {
          failures = 0;
          this.options.onstate('connected', '');
        });
      } catch (error) {
        if (error instanceof Refused) return this.options.onstate('refused', error.message);
        if (error instanceof ApiError && error.status === 404 && (await this.options.over())) return this.close(false);
      }
      this.#peer?.close();
      if (signal.aborted) return;
      this.options.onstate('reconnecting', '');
      if (await this.#taken()) return this.options.onstate('taken', '');
      await pause(delay(failures, Math.random(), RETRY), signal);
      if (failures) this.#iceServers = null; // their credentials may be what is wrong
      failures += 1;
    }
  }

  /** Another microphone in the same session. */
  async setTrack(track: MediaStreamTrack | null): Promise<void> {
    this.#track = track;
    const sender = this.#peer?.getSenders()[0];
    await sender?.replaceTrack(track).catch(() => undefined);
  }

  /** Leaves the stage; the seat stays ours until somebody removes it. `tell` is false when the stage has ended the session. */
  async close(tell = true): Promise<void> {
    this.#stop.abort();
    this.#peer?.close();
    const resource = this.#resource;
    this.#resource = null;
    this.options.onstate('closed', '');
    if (resource && tell) {
      const headers = { authorization: `Bearer ${this.options.token}` };
      await fetch(resource, { method: 'DELETE', headers, keepalive: true }).catch(() => undefined);
    }
  }

  async #connect(): Promise<void> {
    this.#iceServers ??= await this.#askIceServers();
    const peer = new RTCPeerConnection({ bundlePolicy: 'max-bundle', iceServers: this.#iceServers ?? [] });
    this.#peer = peer;
    const transceiver = peer.addTransceiver(this.#track ?? 'audio', { direction: 'sendrecv' });
    peer.ontrack = (event) => this.#hear(event.streams[0] ?? new MediaStream([event.track]));
    await describe(peer);
    await gathered(peer);
    const answer = await this.#post(peer.localDescription?.sdp ?? '');
    await peer.setRemoteDescription({ type: 'answer', sdp: answer });
    if (this.#track !== transceiver.sender.track) await transceiver.sender.replaceTrack(this.#track);
  }

  /** RFC 9725 §4.6: a browser wants its relays before it makes an offer. Without an answer the offer goes without. */
  async #askIceServers(): Promise<RTCIceServer[] | null> {
    const headers = { authorization: `Bearer ${this.options.token}` };
    const signal = AbortSignal.any([this.#stop.signal, AbortSignal.timeout(2000)]);
    const answer = await fetch(this.options.url, { method: 'OPTIONS', headers, signal }).catch(() => null);
    return answer?.ok ? iceServers(answer.headers.get('link') ?? '') : null;
  }

  async #post(offer: string): Promise<string> {
    const response = await fetch(this.options.url, {
      method: 'POST',
      headers: { 'content-type': 'application/sdp', authorization: `Bearer ${this.options.token}` },
      body: offer,
      signal: AbortSignal.any([this.#stop.signal, AbortSignal.timeout(10_000)]),
    });
    if (!response.ok) {
      const error = await refusal(response);
      if (FINAL.has(response.status)) throw new Refused(error.message);
      if (error.retryAfter) await pause(error.retryAfter, this.#stop.signal);
      throw error;
    }
    this.#iceServers = iceServers(response.headers.get('link') ?? '');
    const location = response.headers.get('location');
    this.#resource = location ? new URL(location, new URL(this.options.url, window.location.href)).pathname : null;
    return response.text();
  }

  /** The stage has ended this session, and yet the seat is heard: another browser sits there. Taking it back unasked would go on for ever. */
  async #taken(): Promise<boolean> {
    const resource = this.#resource;
    this.#resource = null; // asked once: what is over a second time was ended here
    if (!resource) return false;
    const { signal } = this.#stop;
    const headers = { authorization: `Bearer ${this.options.token}` };
    const answer = await fetch(resource, { method: 'DELETE', headers, signal: AbortSignal.any([signal, AbortSignal.timeout(1500)]) }).catch(() => null);
    return answer?.status === 404 && !signal.aborted && (await this.options.occupied()) && !signal.aborted;
  }

  #hear(stream: MediaStream): void {
    const { audio } = this.options;
    audio.srcObject = stream;
    void audio.play().catch(() => undefined); // the page shows a button when this was refused
  }

  /** Resolves when the session is no longer alive; `alive` is called at its first inbound packet. */
  async #broken(alive: () => void): Promise<void> {
    const peer = this.#peer;
    const { signal } = this.#stop;
    let packets = 0;
    let quiet = 0;
    while (peer && !signal.aborted) {
      await pause(0.5, signal);
      if (peer.connectionState === 'failed' || peer.connectionState === 'closed') return;
      const seen = await inbound(peer);
      if (seen > packets && packets === 0) alive();
      quiet = seen > packets ? 0 : quiet + 0.5;
      packets = seen;
      if (quiet >= (packets ? SILENCE : FIRST_SOUND)) return;
    }
  }
}

/** Browsers repeat lost sound on request but do not offer to: the offer is made to say so, where that is allowed. */
async function describe(peer: RTCPeerConnection): Promise<void> {
  const { sdp } = await peer.createOffer();
  await peer.setLocalDescription({ type: 'offer', sdp: withRepeats(sdp ?? '') }).catch(async () => peer.setLocalDescription());
}

export function withRepeats(sdp: string): string {
  const type = /^a=rtpmap:(\d+) opus\/48000/m.exec(sdp)?.[1];
  if (!type || sdp.includes(`a=rtcp-fb:${type} nack\r\n`)) return sdp;
  return sdp.replace(new RegExp(`^a=rtpmap:${type} .*\r\n`, 'm'), `$&a=rtcp-fb:${type} nack\r\n`);
}

/** The ice-server links of a Link header (RFC 9725 §4.6). */
export function iceServers(header: string): RTCIceServer[] {
  return [...header.matchAll(/<([^>]*)>((?:\s*;\s*[\w-]+="[^"]*")*)/g)].flatMap(([, urls = '', told = '']) => {
    const { rel, username, credential } = Object.fromEntries([...told.matchAll(/([\w-]+)="([^"]*)"/g)].map(([, name, value]) => [name, value]));
    if (rel !== 'ice-server') return [];
    return [username ? { urls, username, credential } : { urls }];
  });
}

async function inbound(peer: RTCPeerConnection): Promise<number> {
  const report = await peer.getStats();
  let packets = 0;
  report.forEach((stat: { type: string; packetsReceived?: number }) => {
    if (stat.type === 'inbound-rtp') packets += stat.packetsReceived ?? 0;
  });
  return packets;
}

function gathered(peer: RTCPeerConnection): Promise<void> {
  if (peer.iceGatheringState === 'complete') return Promise.resolve();
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, GATHERING);
    peer.addEventListener('icegatheringstatechange', () => {
      if (peer.iceGatheringState !== 'complete') return;
      clearTimeout(timer);
      resolve();
    });
  });
}
