// The microphone: asked for once, chosen again when it changes, taken back when it was lost, and measured so that it can be judged in words.
import { keep, recall } from '../lib/store';
import { meter, micVerdict, rms, type MicVerdict } from '../lib/levels';

const EVERY = 50; // ms per measurement
const MEMORY = 60; // measurements, so 3 s

export class Mic {
  stream = $state.raw<MediaStream | null>(null);
  devices = $state.raw<MediaDeviceInfo[]>([]);
  device = $state(recall<string>('microphone') ?? '');
  error = $state('');
  level = $state(0);
  verdict = $state<MicVerdict>('silent');
  muted = $state(false);
  /** Something else has it for a while: a phone call, the system's own switch. Silence is sent until it is given back. */
  taken = $state(false);
  /** What was done about a microphone that went away or came back. */
  notice = $state('');
  onchange: (track: MediaStreamTrack | null) => void = () => undefined;
  #context: AudioContext | null = null;
  #timer: ReturnType<typeof setInterval> | undefined;
  #loud: number[] = [];
  #clipped: number[] = [];
  #wanted = 0; // counts what was asked for and given back: a microphone that comes late is put back

  /** `raw` turns the browser's processing off: for measurements, not for people. */
  constructor(private readonly raw = new URLSearchParams(location.search).has('raw')) {
    navigator.mediaDevices?.addEventListener('devicechange', this.#plugged);
    document.addEventListener('visibilitychange', this.#seen);
  }

  get track(): MediaStreamTrack | null {
    return this.stream?.getAudioTracks()[0] ?? null;
  }

  async open(device = this.device): Promise<void> {
    this.error = '';
    if (!navigator.mediaDevices) {
      this.error = 'This browser gives no microphone to pages without TLS. Open the page by https, or on the server itself as localhost.';
      return;
    }
    const wanted = (this.#wanted += 1);
    try {
      const stream = await navigator.mediaDevices.getUserMedia({ audio: this.#wish(device) });
      if (wanted !== this.#wanted) return stop(stream);
      this.#use(stream);
      this.devices = await microphones();
    } catch (error) {
      if (device && error instanceof DOMException && (error.name === 'OverconstrainedError' || error.name === 'NotFoundError')) return this.open('');
      this.error = trouble(error);
    }
  }

  async choose(device: string): Promise<void> {
    this.device = device;
    this.notice = '';
    keep('microphone', device);
    await this.open(device);
  }

  setMuted(muted: boolean): void {
    this.muted = muted;
    if (this.track) this.track.enabled = !muted;
  }

  /** Gives the microphone back: the browser's sign that it is open goes out. */
  close(): void {
    this.#wanted += 1;
    clearInterval(this.#timer);
    void this.#context?.close();
    this.#context = null;
    stop(this.stream);
    this.stream = null;
    this.taken = false;
    this.notice = '';
  }

  /** For good: the page goes. */
  leave(): void {
    this.close();
    navigator.mediaDevices?.removeEventListener('devicechange', this.#plugged);
    document.removeEventListener('visibilitychange', this.#seen);
  }

  /** Something was plugged in or out: one that is gone is replaced, the chosen one is taken again when it is back. */
  #plugged = async (): Promise<void> => {
    if (!this.stream) return;
    this.devices = await microphones();
    const used = this.track?.getSettings().deviceId;
    const chosen = this.devices.some((found) => found.deviceId === this.device);
    if (this.#lost() || (chosen && used !== this.device)) await this.#again();
  };

  /** A phone gives the microphone back when the call is over and the page is seen again. */
  #seen = async (): Promise<void> => {
    if (document.visibilityState === 'visible' && this.stream && (this.#lost() || this.taken)) await this.#again();
  };

  #lost(): boolean {
    return this.track?.readyState === 'ended';
  }

  async #again(): Promise<void> {
    const before = this.#name;
    await this.open();
    if (this.error || this.#lost()) return;
    this.notice = this.#name === before ? `“${before}” is back.` : `You are heard by “${this.#name}” from here on.`;
  }

  get #name(): string {
    return this.track?.label || 'The microphone';
  }

  #wish(device: string): MediaTrackConstraints {
    const processing = !this.raw;
    const wish: MediaTrackConstraints = { echoCancellation: processing, noiseSuppression: processing, autoGainControl: processing, channelCount: 1 };
    if (device) wish.deviceId = { exact: device };
    return wish;
  }

  #use(stream: MediaStream): void {
    const old = this.stream;
    this.stream = stream;
    this.setMuted(this.muted);
    this.#watch(stream);
    this.onchange(this.track);
    stop(old);
    this.#measure(stream);
  }

  #watch(stream: MediaStream): void {
    const { track } = this;
    const is = (event: string, then: () => void): void => track?.addEventListener(event, () => this.stream === stream && then());
    this.taken = track?.muted ?? false;
    is('mute', () => (this.taken = true));
    is('unmute', () => (this.taken = false));
    is('ended', () => {
      this.taken = false;
      this.notice = '';
      this.error = 'The microphone is gone. Plug it in again or choose another one.';
      this.onchange(this.#silence());
    });
  }

  /** In place of a microphone that is gone: packets that go on, without sound. To the others a seat that sends none has lost its network. */
  #silence(): MediaStreamTrack | null {
    if (!this.#context) return null;
    const nothing = this.#context.createConstantSource();
    nothing.offset.value = 0;
    const out = this.#context.createMediaStreamDestination();
    nothing.connect(out);
    nothing.start();
    return out.stream.getAudioTracks()[0] ?? null;
  }

  #measure(stream: MediaStream): void {
    clearInterval(this.#timer);
    void this.#context?.close();
    const context = (this.#context = new AudioContext());
    const analyser = context.createAnalyser();
    analyser.fftSize = 2048;
    context.createMediaStreamSource(stream).connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    this.#timer = setInterval(() => {
      if (context.state === 'suspended') void context.resume();
      analyser.getFloatTimeDomainData(samples);
      this.#judge(samples);
    }, EVERY);
  }

  #judge(samples: Float32Array): void {
    const loud = this.muted ? 0 : rms(samples);
    this.#loud = [...this.#loud.slice(1 - MEMORY), loud];
    this.#clipped = [...this.#clipped.slice(1 - MEMORY), samples.reduce((n, s) => n + (Math.abs(s) > 0.99 ? 1 : 0), 0)];
    this.level = meter(loud);
    this.verdict = micVerdict({ loudest: Math.max(...this.#loud), clipped: this.#clipped.reduce((a, b) => a + b, 0) });
  }
}

const microphones = async (): Promise<MediaDeviceInfo[]> =>
  (await navigator.mediaDevices.enumerateDevices()).filter((found) => found.kind === 'audioinput');

const stop = (stream: MediaStream | null): void => stream?.getTracks().forEach((track) => track.stop());

function trouble(error: unknown): string {
  const name = error instanceof DOMException ? error.name : '';
  if (name === 'NotAllowedError') return 'The browser may not use the microphone. Allow it in the address bar, then try again.';
  if (name === 'NotFoundError') return 'No microphone was found. Plug one in and try again.';
  if (name === 'NotReadableError') return 'Another program holds the microphone. Close it there and try again.';
  return 'The microphone could not be opened. Try again, or choose another one.';
}
