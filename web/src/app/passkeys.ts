// Passkeys by the browser's own functions; the conversions are for browsers that lack the JSON forms.

export const passkeysWork = (): boolean => 'PublicKeyCredential' in window && window.isSecureContext;

type Json = Record<string, unknown>;

function bytes(text: string): ArrayBuffer {
  const plain = atob(text.replace(/-/gu, '+').replace(/_/gu, '/'));
  return Uint8Array.from(plain, (c) => c.charCodeAt(0)).buffer;
}

export function base64url(buffer: ArrayBuffer): string {
  const plain = String.fromCharCode(...new Uint8Array(buffer));
  return btoa(plain).replace(/\+/gu, '-').replace(/\//gu, '_').replace(/=+$/u, '');
}

type Described = { id: string; type: PublicKeyCredentialType }[] | undefined;
const descriptors = (list: unknown): PublicKeyCredentialDescriptor[] =>
  ((list as Described) ?? []).map(({ id, type }) => ({ id: bytes(id), type }));

function creation(options: Json): PublicKeyCredentialCreationOptions {
  if ('parseCreationOptionsFromJSON' in PublicKeyCredential) {
    return PublicKeyCredential.parseCreationOptionsFromJSON(options as unknown as PublicKeyCredentialCreationOptionsJSON);
  }
  const user = options['user'] as { id: string; name: string; displayName: string };
  return {
    ...(options as unknown as PublicKeyCredentialCreationOptions),
    challenge: bytes(options['challenge'] as string),
    user: { ...user, id: bytes(user.id) },
    excludeCredentials: descriptors(options['excludeCredentials']),
  };
}

function request(options: Json): PublicKeyCredentialRequestOptions {
  if ('parseRequestOptionsFromJSON' in PublicKeyCredential) {
    return PublicKeyCredential.parseRequestOptionsFromJSON(options as unknown as PublicKeyCredentialRequestOptionsJSON);
  }
  return {
    ...(options as unknown as PublicKeyCredentialRequestOptions),
    challenge: bytes(options['challenge'] as string),
    allowCredentials: descriptors(options['allowCredentials']),
  };
}

function json(credential: PublicKeyCredential): unknown {
  if (typeof (credential as Partial<PublicKeyCredential>).toJSON === 'function') return credential.toJSON();
  const { id, rawId, type, response } = credential;
  const told: Json = { clientDataJSON: base64url(response.clientDataJSON) };
  for (const key of ['attestationObject', 'authenticatorData', 'signature', 'userHandle'] as const) {
    const value = (response as unknown as Record<string, ArrayBuffer | null | undefined>)[key];
    if (value) told[key] = base64url(value);
  }
  return { id, rawId: base64url(rawId), type, response: told, clientExtensionResults: credential.getClientExtensionResults() };
}

export async function createPasskey(options: Json): Promise<unknown> {
  const made = await navigator.credentials.create({ publicKey: creation(options) });
  if (!(made instanceof PublicKeyCredential)) throw new Error('No passkey was made. Nothing has changed.');
  return json(made);
}

export async function usePasskey(options: Json): Promise<unknown> {
  const found = await navigator.credentials.get({ publicKey: request(options) });
  if (!(found instanceof PublicKeyCredential)) throw new Error('No passkey was chosen. Try again, or use the password.');
  return json(found);
}

/** A person who closes the browser's dialogue has done nothing wrong. */
export function passkeySentence(error: unknown): string {
  if (error instanceof DOMException && error.name === 'NotAllowedError') return 'The passkey was not used. Try again, or use the password.';
  if (error instanceof DOMException && error.name === 'InvalidStateError') return 'This device already has a passkey for this account.';
  return error instanceof Error ? error.message : 'The passkey did not work. Use the password.';
}
