import { describe, expect, it } from 'vitest';
import { EventReader } from './sse';

describe('events', () => {
  it('come whole, however they were cut', () => {
    const text = 'data: {"a":1}\n\ndata: two\ndata: lines\n\n';
    for (let cut = 0; cut <= text.length; cut += 1) {
      const reader = new EventReader();
      const found = [...reader.feed(text.slice(0, cut)), ...reader.feed(text.slice(cut))];
      expect(found).toEqual(['{"a":1}', 'two\nlines']);
    }
  });
  it('end with any line ending', () => {
    expect(new EventReader().feed('data: a\r\n\r\ndata: b\n\n')).toEqual(['a', 'b']);
  });
  it('are not made of comments, other fields or empty blocks', () => {
    expect(new EventReader().feed(': still here\n\nevent: x\nid: 3\n\n\n')).toEqual([]);
  });
  it('keep a second space and lose only the first', () => {
    expect(new EventReader().feed('data:  x\n\n')).toEqual([' x']);
    expect(new EventReader().feed('data:x\n\n')).toEqual(['x']);
  });
  it('wait for the blank line', () => {
    const reader = new EventReader();
    expect(reader.feed('data: half\n')).toEqual([]);
    expect(reader.feed('\n')).toEqual(['half']);
  });
});
