// What is said of how many listen, and what exactly was counted. Pure.
import { count } from './times';
import type { Audience } from './types';

const percent = (share: number): string => `${share > 0 && share < 0.01 ? 'less than 1' : Math.round(share * 100)} %`;

/** What the number of listeners is made of, for whoever asks. */
export function counted({ listening, estimated, peak, unique, one_in, within }: Audience): string {
  const told = [`${count(listening - estimated)} pages like this one have told us in the last ${within} seconds that they play, and not that they left.`];
  if (one_in > 1) told.push(`One page in ${count(one_in)} is asked, and stands for the others.`);
  if (estimated) told.push(`${count(estimated)} other players are estimated from how often they ask for the stream.`);
  told.push(`The most at once: ${count(peak)}. Different pages so far: ${count(unique)}. Nobody is counted by name or address.`);
  return told.join(' ');
}

/** The same at a glance, for who works the show. */
export function glance({ listening, estimated, peak, stalled }: Audience): string[] {
  const told = [`${count(listening)} listening`, `${count(peak)} at most`, stalled ? `sound stopped for ${count(stalled)}` : 'sound stopped for nobody'];
  return estimated ? [...told, `${count(estimated)} estimated`] : told;
}

/** When it is over; nothing where nobody came. */
export function cameIn({ peak, unique, stalled_share }: Audience): string {
  if (!unique && !peak) return '';
  const ever = unique ? ` ${count(unique)} ${unique === 1 ? 'page' : 'different pages'} played it live; the sound stopped at least once for ${percent(stalled_share)} of them.` : '';
  return `At most ${count(peak)} listened at once.${ever}`;
}

/** Whether a page of this session is asked to report, where one in so many is: by the random bits its id begins with. */
export const asked = (session: string, one_in: number): boolean => parseInt(session.slice(0, 3), 16) < 4096 / one_in;
