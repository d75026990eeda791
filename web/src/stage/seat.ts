// The seat this browser holds in a Space, remembered so that a reload or a crash comes back by itself.
import { post } from '../lib/api';
import { keep, recall } from '../lib/store';
import type { SeatGrant } from '../lib/types';

export interface KeptSeat extends SeatGrant {
  name?: string;
}

export const seatPath = (space: string): string => `/api/v1/spaces/${encodeURIComponent(space)}`;
export const recallSeat = (space: string): KeptSeat | null => recall<KeptSeat>(`seat.${space}`);
export const keepSeat = (space: string, seat: KeptSeat): void => keep(`seat.${space}`, seat);
export const dropSeat = (space: string): void => keep(`seat.${space}`, null);

/** Takes, or takes again, the seat of the account that is signed in. */
export async function takeSeat(space: string): Promise<KeptSeat> {
  const seat = await post<SeatGrant>(`${seatPath(space)}/seat`, { agree_recording: true });
  keepSeat(space, seat);
  return seat;
}

/** One tab per seat: a new tab takes over, the old one is told. Without it two tabs would take the seat from each other for ever. */
export function claimSeat(space: string, lost: () => void): () => void {
  const channel = new BroadcastChannel(`hustings.seat.${space}`);
  channel.onmessage = () => {
    channel.close();
    lost();
  };
  channel.postMessage('taken');
  return () => channel.close();
}
