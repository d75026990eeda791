/** A user agent as a person would name the device: "Firefox on Windows". */
export function device(agent: string): string {
  const browsers: [RegExp, string][] = [[/Edg\//u, 'Edge'], [/Firefox\//u, 'Firefox'], [/Chrom(e|ium)\//u, 'Chrome'], [/Safari\//u, 'Safari'], [/curl|python|httpx/iu, 'A program']];
  const systems: [RegExp, string][] = [[/iPhone|iPad/u, 'iOS'], [/Android/u, 'Android'], [/Mac OS X/u, 'macOS'], [/Windows/u, 'Windows'], [/Linux/u, 'Linux']];
  const browser = browsers.find(([pattern]) => pattern.test(agent))?.[1] ?? 'A browser';
  const system = systems.find(([pattern]) => pattern.test(agent))?.[1];
  return system ? `${browser} on ${system}` : browser;
}
