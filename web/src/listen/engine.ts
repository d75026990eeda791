// Attaches a Space's stream to an <audio> element: hls.js where Media Source is, the browser's own HLS where not.
// It recovers for ever and decides nothing about what the page shows.
import type Hls from 'hls.js/light';
import type { ErrorData, HlsConfig } from 'hls.js/light';
import { delay } from '../lib/backoff';

type HlsClass = typeof Hls;
export type SourceKind = 'live' | 'replay';

export interface Engine {
  /** Load again from the live edge after `rest()`. */
  resume(): void;
  /** Stop downloading; what is buffered stays. */
  rest(): void;
  toLive(): void;
  /** Seconds the sound is behind the server's clock, null when not known. */
  latency(serverNow: number): number | null;
  close(): void;
}

const LIVE: Partial<HlsConfig> = {
  lowLatencyMode: true,
  maxLiveSyncPlaybackRate: 1.05,
  backBufferLength: 45,
  maxBufferLength: 20,
  enableWorker: false, // passthrough of audio: nothing to move off the main thread
};
const REPLAY: Partial<HlsConfig> = { lowLatencyMode: false, backBufferLength: 60, maxBufferLength: 60, enableWorker: false };
const STUCK = 8; // seconds without progress before the engine is helped
const TRIES_PER_ADDRESS = 3; // then another rendition

interface Addresses {
  hls: string[];
  native: string;
}

export function addresses(space: string, kind: SourceKind, opus: boolean): Addresses {
  const base = `/spaces/${encodeURIComponent(space)}`;
  if (kind === 'replay') return { hls: [`${base}/replay.m3u8`], native: `${base}/replay.m4a` };
  const aac = `${base}/live/aac64/ll.m3u8`;
  return { hls: opus ? [`${base}/live/opus32/ll.m3u8`, aac] : [aac], native: `${base}/live.m3u8` };
}

function takesOpus(): boolean {
  const source = mediaSource();
  return source?.isTypeSupported('audio/mp4; codecs="opus"') ?? false;
}

function mediaSource(): typeof MediaSource | undefined {
  const scope = window as typeof window & { ManagedMediaSource?: typeof MediaSource };
  return scope.ManagedMediaSource ?? scope.MediaSource;
}

let library: Promise<HlsClass> | null = null;
/** Fetches hls.js once; a failed download is tried again the next time. */
export function loadHls(): Promise<HlsClass> {
  library ??= import('hls.js/light').then(
    (module) => module.default,
    (error: unknown) => {
      library = null;
      throw error;
    },
  );
  return library;
}

export async function openEngine(audio: HTMLAudioElement, space: string, kind: SourceKind): Promise<Engine> {
  const found = addresses(space, kind, takesOpus());
  if (!mediaSource()) return new NativeEngine(audio, found.native, kind);
  const library = await loadHls();
  return library.isSupported() ? new HlsEngine(library, audio, found.hls, kind) : new NativeEngine(audio, found.native, kind);
}

/** Calls `help` when the element wants to play and does not for STUCK seconds. */
function watch(audio: HTMLAudioElement, help: () => void): () => void {
  let at = -1;
  let stuck = 0;
  const timer = setInterval(() => {
    const wants = !audio.paused && !audio.ended;
    stuck = wants && audio.currentTime === at ? stuck + 1 : 0;
    at = audio.currentTime;
    if (stuck > 0 && stuck % STUCK === 0) help();
  }, 1000);
  return () => clearInterval(timer);
}

class HlsEngine implements Engine {
  #hls: Hls | null = null;
  #failures = 0;
  #mediaFault = -Infinity;
  #helped = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #unwatch: () => void;

  constructor(
    private readonly library: HlsClass,
    private readonly audio: HTMLAudioElement,
    private readonly urls: string[],
    private readonly kind: SourceKind,
  ) {
    this.#unwatch = watch(audio, () => this.#help());
    this.#build();
  }

  #build(): void {
    const wanted = !this.audio.paused;
    this.#hls?.destroy();
    const hls = new this.library(this.kind === 'live' ? LIVE : REPLAY);
    this.#hls = hls;
    hls.on(this.library.Events.FRAG_BUFFERED, () => {
      this.#failures = 0;
      this.#helped = 0;
    });
    hls.on(this.library.Events.ERROR, (_event, data) => this.#fault(data));
    const choice = Math.floor(this.#failures / TRIES_PER_ADDRESS) % this.urls.length;
    hls.loadSource(this.urls[choice] ?? this.urls[0] ?? '');
    hls.attachMedia(this.audio);
    if (wanted) void this.audio.play().catch(() => undefined);
  }

  #fault(data: ErrorData): void {
    if (!data.fatal) return;
    const { MEDIA_ERROR, NETWORK_ERROR } = this.library.ErrorTypes;
    const at = performance.now();
    if (data.type === MEDIA_ERROR && at - this.#mediaFault > 5000) {
      this.#mediaFault = at;
      this.#hls?.recoverMediaError();
      return;
    }
    const known = (this.#hls?.levels.length ?? 0) > 0;
    const again = data.type === NETWORK_ERROR && known && this.#failures < TRIES_PER_ADDRESS;
    this.#later(() => (again ? this.#hls?.startLoad(-1) : this.#build()));
  }

  #later(act: () => void): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(act, delay(this.#failures, Math.random()) * 1000);
    this.#failures += 1;
  }

  #help(): void {
    this.#helped += 1;
    if (this.kind === 'replay') return;
    if (this.#helped > 1) return this.#build();
    this.#hls?.startLoad(-1);
    this.toLive();
  }

  resume(): void {
    this.#hls?.startLoad(-1);
  }
  rest(): void {
    this.#hls?.stopLoad();
  }
  toLive(): void {
    const edge = this.#hls?.liveSyncPosition;
    if (edge !== null && edge !== undefined) this.audio.currentTime = edge;
  }
  latency(serverNow: number): number | null {
    const date = this.#hls?.playingDate;
    if (date) return serverNow - date.getTime() / 1000;
    return this.#hls?.latency || null;
  }
  close(): void {
    clearTimeout(this.#timer);
    this.#unwatch();
    this.#hls?.destroy();
    this.#hls = null;
  }
}

class NativeEngine implements Engine {
  #failures = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #unwatch: () => void;
  readonly #failed = (): void => this.#again();
  readonly #works = (): void => {
    this.#failures = 0;
  };

  constructor(
    private readonly audio: HTMLAudioElement,
    private readonly url: string,
    private readonly kind: SourceKind,
  ) {
    audio.addEventListener('error', this.#failed);
    audio.addEventListener('playing', this.#works);
    this.#unwatch = watch(audio, this.#failed);
    audio.src = url;
  }

  #again(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.resume(), delay(this.#failures, Math.random()) * 1000);
    this.#failures += 1;
  }
  resume(): void {
    const { paused, currentTime } = this.audio;
    this.audio.src = this.url;
    if (this.kind === 'replay') this.audio.currentTime = currentTime;
    if (!paused) void this.audio.play().catch(() => undefined);
  }
  rest(): void {
    // the browser stops loading by itself when paused
  }
  toLive(): void {
    const { seekable } = this.audio;
    if (seekable.length) this.audio.currentTime = Math.max(0, seekable.end(seekable.length - 1) - 6);
  }
  latency(serverNow: number): number | null {
    const start = (this.audio as HTMLAudioElement & { getStartDate?: () => Date }).getStartDate?.().getTime();
    return start && Number.isFinite(start) ? serverNow - (start / 1000 + this.audio.currentTime) : null;
  }
  close(): void {
    clearTimeout(this.#timer);
    this.#unwatch();
    this.audio.removeEventListener('error', this.#failed);
    this.audio.removeEventListener('playing', this.#works);
    this.audio.removeAttribute('src');
    this.audio.load();
  }
}
