// A page that must not fall asleep: it asks that the screen stays on, and notices when it was asleep all the same.

const BEAT = 1000; // ms
const ASLEEP = 5000; // ms without a beat: hidden pages beat once a second, and once a minute only when they make no sound

/** Keeps the screen on while the page is seen; gives back what ends it. A browser that cannot, or a phone that saves power, refuses. */
export function stayAwake(): () => void {
  let lock: WakeLockSentinel | null = null;
  let over = false;
  const ask = async (): Promise<void> => {
    if (document.visibilityState !== 'visible' || (lock && !lock.released)) return;
    lock = (await navigator.wakeLock?.request('screen').catch(() => null)) ?? null;
    if (over) void lock?.release();
  };
  document.addEventListener('visibilitychange', ask);
  void ask();
  return () => {
    over = true;
    document.removeEventListener('visibilitychange', ask);
    void lock?.release();
  };
}

/** Calls `woke` with the seconds for which nothing of this page ran; gives back what ends it. */
export function noticeSleep(woke: (seconds: number) => void): () => void {
  let last = Date.now();
  const timer = setInterval(() => {
    const gap = Date.now() - last;
    last = Date.now();
    if (gap > ASLEEP) woke(Math.round(gap / 1000));
  }, BEAT);
  return () => clearInterval(timer);
}
