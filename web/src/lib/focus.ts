// Focus never lies on the bare body: when what had it is gone, the page's heading has it, for whoever goes by keyboard or listens.

/** From now until what it returns is called. */
export function keepFocus(): () => void {
  let had: Element | null = null;
  const learn = (event: FocusEvent): void => {
    had = event.target as Element;
  };
  const watch = new MutationObserver(() => {
    if (!had || had.isConnected || document.activeElement !== document.body) return;
    const heading = document.querySelector<HTMLElement>('main h1');
    if (!heading) return;
    heading.tabIndex = -1;
    heading.focus({ preventScroll: true });
  });
  document.addEventListener('focusin', learn);
  watch.observe(document.body, { childList: true, subtree: true });
  return () => {
    document.removeEventListener('focusin', learn);
    watch.disconnect();
  };
}
