import { expect, test } from 'vitest';
import { iceServers, withRepeats } from './whip';

const OFFER = 'v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111 63\r\na=rtpmap:111 opus/48000/2\r\na=rtcp-fb:111 transport-cc\r\na=rtpmap:63 red/48000/2\r\n';

test('an offer says that lost sound is repeated on request', () => {
  expect(withRepeats(OFFER)).toBe(OFFER.replace('opus/48000/2\r\n', 'opus/48000/2\r\na=rtcp-fb:111 nack\r\n'));
});

test('an offer that says so, or has no Opus, stays as it is', () => {
  expect(withRepeats(withRepeats(OFFER))).toBe(withRepeats(OFFER));
  expect(withRepeats('v=0\r\n')).toBe('v=0\r\n');
});

test('relays are read from Link headers, with what opens them', () => {
  const header = '<stun:s.example>; rel="ice-server", <turn:t.example:3478?transport=tcp>; rel="ice-server"; username="9:ann"; credential="a+/="; credential-type="password"';
  expect(iceServers(header)).toEqual([{ urls: 'stun:s.example' }, { urls: 'turn:t.example:3478?transport=tcp', username: '9:ann', credential: 'a+/=' }]);
});

test('other links are no relays, and no header is none', () => {
  expect(iceServers('</terms>; rel="terms", <turn:t.example>')).toEqual([]);
  expect(iceServers('')).toEqual([]);
});
