import { describe, expect, it } from 'vitest';
import { initials, listed, whoSpeaks } from './names';

describe('names', () => {
  it.each([
    ['Ada Lind', 'AL'],
    ['ada', 'A'],
    ['Jean-Luc van der Berg', 'JB'],
    ['  ', '?'],
    ['"Kaia" Moe', 'KM'],
    ['ليلى حداد', 'لح'],
    ['👩‍🚀 Space', '👩‍🚀S'],
  ])('%s becomes %s', (name, letters) => expect(initials(name)).toBe(letters));
  it('are listed as one says them', () => {
    expect([[], ['Ada'], ['Ada', 'Ben'], ['Ada', 'Ben', 'Chi']].map(listed)).toEqual(['', 'Ada', 'Ada and Ben', 'Ada, Ben and Chi']);
  });
  it('of who speaks make a sentence', () => {
    expect(whoSpeaks(['Ada'])).toBe('Ada is speaking');
    expect(whoSpeaks(['Ada', 'Ben'])).toBe('Ada and Ben are speaking');
    expect(whoSpeaks(['a', 'b', 'c', 'd'])).toBe('Several people are speaking');
    expect(whoSpeaks([])).toBe('');
  });
});
