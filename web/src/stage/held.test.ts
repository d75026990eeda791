import { expect, it } from 'vitest';
import { ApiError } from '../lib/api';
import { Held } from './held.svelte';

it('is set by a switch that closed without a press, and lifted when one opens', () => {
  const held = new Held();
  held.saw('voice', true);
  held.saw('voice', false);
  expect(held.on).toBe(true);
  held.saw('voice', true);
  expect(held.on).toBe(false);
});

it('is not set by one’s own press, nor by what was shut when the page came', () => {
  const held = new Held();
  held.saw('voice', false);
  held.saw('air', true);
  held.pressed('air', false);
  held.saw('air', false);
  expect(held.on).toBe(false);
});

it('is set by a refusal, and by no other failure', () => {
  const held = new Held();
  expect(held.refuses(new ApiError('Away.', 503, 'away'))).toBe(false);
  expect(held.on).toBe(false);
  expect(held.refuses(new ApiError('The host switched your microphone off.', 403, 'not_allowed'))).toBe(true);
  expect(held.on).toBe(true);
});
