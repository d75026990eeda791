// The one place that speaks HTTP to the API: JSON in, JSON out, every failure an ApiError with a sentence for a person.

export class ApiError extends Error {
  override name = 'ApiError';
  constructor(
    message: string,
    readonly status: number,
    readonly code: string,
    readonly retryAfter: number | null = null,
  ) {
    super(message);
  }

  /** Nothing was reached: no answer, no status. */
  get unreachable(): boolean {
    return this.status === 0;
  }
}

const UNREACHABLE = 'The server cannot be reached. Check your connection; trying again is safe.';

interface Options {
  body?: unknown;
  bearer?: string | null;
  signal?: AbortSignal;
}

export async function call<T>(method: string, path: string, { body, bearer, signal }: Options = {}): Promise<T> {
  const headers = new Headers({ accept: 'application/json' });
  if (bearer) headers.set('authorization', `Bearer ${bearer}`);
  const init: RequestInit = { method, headers, credentials: 'same-origin', signal: signal ?? AbortSignal.timeout(15_000) };
  if (body instanceof FormData) {
    init.body = body;
    init.signal = signal ?? null; // an upload takes as long as it takes
  } else if (body !== undefined) {
    headers.set('content-type', 'application/json');
    init.body = JSON.stringify(body);
  }
  return read<T>(await reach(path, init));
}

async function reach(path: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(path, init);
  } catch {
    throw new ApiError(UNREACHABLE, 0, 'unreachable');
  }
}

async function read<T>(response: Response): Promise<T> {
  if (!response.ok) throw await refusal(response);
  if (response.status === 204) return undefined as T;
  const text = await response.text();
  return (text ? JSON.parse(text) : undefined) as T;
}

/** The error a response carries; a body without a sentence gets one by its status. */
export async function refusal(response: Response): Promise<ApiError> {
  const retry = Number(response.headers.get('retry-after'));
  const body: unknown = await response.json().catch(() => null);
  const told = typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {};
  const sentence = typeof told['error'] === 'string' ? told['error'] : sentenceFor(response.status);
  const code = typeof told['code'] === 'string' ? told['code'] : `http_${response.status}`;
  return new ApiError(sentence, response.status, code, retry > 0 ? retry : null);
}

function sentenceFor(status: number): string {
  if (status === 401) return 'You are not signed in any more. Sign in and try again.';
  if (status === 403) return 'You may not do this. The host can.';
  if (status === 404) return 'This is not here, or not here any more.';
  if (status === 413) return 'This file is too large. 100 MB is the most.';
  if (status === 429) return 'That was too often. Wait a moment and try again.';
  if (status >= 500) return 'The server has trouble answering. Try again in a few seconds; nothing was lost.';
  return 'The server did not accept this.';
}

/** What to show a person for anything that was thrown. */
export function sentence(error: unknown): string {
  if (error instanceof Error && error.message) return error.message;
  return UNREACHABLE;
}

export const get = <T>(path: string, options?: Options): Promise<T> => call<T>('GET', path, options);
export const post = <T>(path: string, body: unknown = {}, options?: Options): Promise<T> =>
  call<T>('POST', path, { ...options, body });
export const patch = <T>(path: string, body: unknown, options?: Options): Promise<T> =>
  call<T>('PATCH', path, { ...options, body });
export const remove = (path: string, options?: Options): Promise<void> => call<void>('DELETE', path, options);
