// What is asked of every state: axe finds nothing, nothing is too small to press, nothing scrolls sideways.
// Colours are judged where a fade ends, never on its way.
const still = new CSSStyleSheet();
still.replaceSync('*, *::before, *::after { transition: none !important; }');
document.adoptedStyleSheets.push(still);

window.probes = {
  async findings() {
    const { violations } = await axe.run(document);
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map((n) => `${n.target.join(' ')} ${n.failureSummary}`).join(' | ')}`);
  },
  tooSmall() {
    const pressed = 'button, a.button, label.button, select, input:not([type=checkbox], [type=radio], [type=file])';
    return [...document.querySelectorAll(pressed)]
      .filter((e) => e.checkVisibility() && (e.offsetHeight < 44 || e.offsetWidth < 44))
      .map((e) => e.outerHTML.slice(0, 160));
  },
  tooWide() {
    return document.documentElement.scrollWidth - document.documentElement.clientWidth;
  },
};
