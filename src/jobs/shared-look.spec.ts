import { describe, expect, it } from '@jest/globals';
import { SharedLook } from './shared-look.js';

/** Looks that are answered by hand, in their order. */
function byHand() {
  const answers: ((seen: number | null) => void)[] = [];
  const look = () => new Promise<number | null>((resolve) => answers.push(resolve));
  return { look, answers };
}

describe('SharedLook', () => {
  it('is one look for those who ask at the same time', async () => {
    const { look, answers } = byHand();
    const shared = new SharedLook(look, 60_000);
    const asked = [shared.fresh(), shared.known(), shared.fresh()];
    answers[0]!(7);
    expect(await Promise.all(asked)).toEqual([7, 7, 7]);
    expect(await shared.fresh()).toBe(7);
    expect(answers).toHaveLength(1);
  });

  it('looks again for what is too old', async () => {
    const { look, answers } = byHand();
    const shared = new SharedLook(look, 0);
    const first = shared.fresh();
    answers[0]!(1);
    expect(await first).toBe(1);
    const second = shared.fresh();
    answers[1]!(2);
    expect(await second).toBe(2);
  });

  it('gives what it knows at once, while a newer look is under way', async () => {
    const { look, answers } = byHand();
    const shared = new SharedLook(look, 0);
    const first = shared.known();
    answers[0]!(1);
    expect(await first).toBe(1);
    expect(await shared.known()).toBe(1);
    expect(answers).toHaveLength(2);
    const newer = shared.fresh();
    answers[1]!(2);
    expect(await newer).toBe(2);
    expect(await shared.known()).toBe(2);
  });

  it('keeps no look that saw nothing', async () => {
    const { look, answers } = byHand();
    const shared = new SharedLook(look, 60_000);
    const first = shared.fresh();
    answers[0]!(null);
    expect(await first).toBeNull();
    const second = shared.known();
    answers[1]!(2);
    expect(await second).toBe(2);
  });

  it('waits for a look that hangs for a while only, and begins no other', async () => {
    const { look, answers } = byHand();
    const shared = new SharedLook(look, 60_000);
    expect(await shared.fresh()).toBeNull();
    expect(await shared.known()).toBeNull();
    expect(answers).toHaveLength(1);
  });
});
