/** Hints that are folded together, and a venue that is listened to for as long as its keys are what they were. */
import { describe, expect, test } from 'vitest';
import { PlimsollError } from '../../core/errors.ts';
import type { ExecutionVenuePort, VenueHint } from '../../core/ports/execution-venue.ts';
import type { StreamAway } from '../../functions/steps/stream-away.ts';
import { FoldedHints, HINT_BOUNDS } from '../../platform/folded-hints.ts';
import { LISTENING_BOUNDS, Listening } from '../../platform/listening.ts';

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A clock that stands, questions that end when they are told to, and pauses that do. */
class Bench {
  now = 1_000_000;
  asked = 0;
  readonly pauses: number[] = [];
  #answer: () => void = () => undefined;
  #wake: (isOver: boolean) => void = () => undefined;
  readonly ask = (): Promise<void> => {
    this.asked++;
    return new Promise((resolve) => {
      this.#answer = resolve;
    });
  };
  readonly sleep = (ms: number): Promise<void> => {
    this.pauses.push(ms);
    return new Promise((resolve, reject) => {
      this.#wake = (isOver) => (isOver ? reject(new Error('it stops')) : resolve());
    });
  };

  /** The question under way is answered, after so long. */
  async answer(tookMs = 0): Promise<void> {
    this.now += tookMs;
    this.#answer();
    await settle();
  }

  /** The pause under way passes, or is cut short by the end of the platform. */
  async wake(isOver = false): Promise<void> {
    this.now += this.pauses.at(-1)!;
    this.#wake(isOver);
    await settle();
  }
}

const foldedOn = (bench: Bench): FoldedHints =>
  new FoldedHints({ ask: bench.ask, now: () => bench.now, sleep: bench.sleep });

describe('hints', () => {
  test('in a burst are two questions: one under way, one that waits', async () => {
    const bench = new Bench();
    const hints = foldedOn(bench);
    for (let k = 0; k < 100; k++) hints.hint();
    await settle();
    expect(bench.asked).toBe(1);
    for (let k = 0; k < 100; k++) hints.hint();
    await bench.answer();
    expect(bench.pauses).toEqual([HINT_BOUNDS.apartMs]);
    for (let k = 0; k < 100; k++) hints.hint();
    expect(bench.asked).toBe(1);
    await bench.wake();
    expect(bench.asked).toBe(2);
    await bench.answer();
    expect(bench.asked).toBe(2);
    expect(bench.pauses).toHaveLength(1);
  });

  test('that come while an answer is on its way are asked after once more', async () => {
    const bench = new Bench();
    const hints = foldedOn(bench);
    hints.hint();
    await settle();
    hints.hint();
    await bench.answer();
    await bench.wake();
    expect(bench.asked).toBe(2);
  });

  test('keep a longer distance where the venue takes its time, up to a bound', async () => {
    const bench = new Bench();
    const hints = foldedOn(bench);
    for (const tookMs of [3_000, 100_000, 10]) {
      hints.hint();
      await settle();
      hints.hint();
      await bench.answer(tookMs);
      await bench.wake();
      await bench.answer(0);
      bench.now += 100_000;
    }
    expect(bench.pauses).toEqual([3_000 * HINT_BOUNDS.apartTimes, HINT_BOUNDS.apartMaxMs, HINT_BOUNDS.apartMs]);
  });

  test('are at an end with the platform: in a pause, and for what comes later', async () => {
    const bench = new Bench();
    const hints = foldedOn(bench);
    hints.hint();
    await settle();
    hints.hint();
    await bench.answer();
    const stopped = hints.stop();
    await bench.wake(true);
    await stopped;
    hints.hint();
    await settle();
    expect(bench.asked).toBe(1);
  });
});

/** The port of a venue that says what the test says, and knows by whom it is listened to. */
class SpeakingVenue {
  readonly told: ((hint: VenueHint) => void)[] = [];
  readonly port = {
    watch: (_instruments: unknown, onHint: (hint: VenueHint) => void) => {
      this.told.push(onHint);
      const close = async (): Promise<void> => void this.told.splice(this.told.indexOf(onHint), 1);
      return { close };
    },
  } as unknown as ExecutionVenuePort;

  say(hint: VenueHint): void {
    for (const tell of this.told) tell(hint);
  }
}

const AWAY = { kind: 'disconnected', reason: 'it was cut' } as const;

function listeningTo(venue: () => ExecutionVenuePort) {
  const bench = new Bench();
  const told: (StreamAway | 'back' | 'over')[] = [];
  const listening = new Listening({
    venue: async () => venue(),
    instruments: async () => [],
    reconcile: async () => void bench.asked++,
    tell: async (what) => void told.push(what),
    now: () => bench.now,
    sleep: async () => undefined,
  });
  const look = async (laterMs: number = LISTENING_BOUNDS.lookEveryMs): Promise<void> => {
    bench.now += laterMs;
    await listening.look();
  };
  return { bench, told, listening, look };
}

describe('a venue that is listened to', () => {
  test('leads to a question where something changed, and where its stream stands again, but not at first', async () => {
    const venue = new SpeakingVenue();
    const { bench, look } = listeningTo(() => venue.port);
    await look();
    venue.say({ kind: 'connected' });
    await settle();
    expect(bench.asked).toBe(0);
    venue.say({ kind: 'changed', what: 'order' });
    await settle();
    expect(bench.asked).toBe(1);
    venue.say(AWAY);
    venue.say({ kind: 'connected' });
    await settle();
    expect(bench.asked).toBe(2);
  });

  test('whose stream is away is told of once, after a while, and then that it is back', async () => {
    const venue = new SpeakingVenue();
    const { bench, told, look } = listeningTo(() => venue.port);
    await look();
    const since = bench.now;
    venue.say(AWAY);
    await look(LISTENING_BOUNDS.tellAfterMs - 1);
    expect(told).toEqual([]);
    venue.say({ kind: 'disconnected', reason: 'it was cut again' });
    await look(1);
    await look(1_000);
    expect(told).toEqual([{ since, reason: 'it was cut again' }]);
    venue.say({ kind: 'connected' });
    await look();
    expect(told.slice(1)).toEqual(['back']);
  });

  test('whose stream is back in time is told of to nobody', async () => {
    const venue = new SpeakingVenue();
    const { told, look } = listeningTo(() => venue.port);
    await look();
    venue.say(AWAY);
    venue.say({ kind: 'connected' });
    await look(2 * LISTENING_BOUNDS.tellAfterMs);
    expect(told).toEqual([]);
  });

  test('is another one once its keys are others, and none once they are gone', async () => {
    const [first, second] = [new SpeakingVenue(), new SpeakingVenue()];
    let now: SpeakingVenue | undefined = first;
    const { look } = listeningTo(() => {
      if (now) return now.port;
      throw new PlimsollError('VENUE_KEYS_MISSING', 'there are no keys', 'store them');
    });
    await look();
    await look();
    expect(first.told).toHaveLength(1);
    now = second;
    await look();
    expect([first.told.length, second.told.length]).toEqual([0, 1]);
    now = undefined;
    await look();
    expect([first.told.length, second.told.length]).toEqual([0, 0]);
  });

  test('is left alone when the platform stops, and nothing that it says later leads to anything', async () => {
    const venue = new SpeakingVenue();
    const { bench, told, listening, look } = listeningTo(() => venue.port);
    await look();
    const [tell] = venue.told;
    venue.say(AWAY);
    await look(LISTENING_BOUNDS.tellAfterMs);
    await listening.stop();
    expect(venue.told).toEqual([]);
    expect(told.slice(1)).toEqual(['over']);
    tell({ kind: 'changed', what: 'order' });
    await settle();
    expect(bench.asked).toBe(0);
  });

  test('that says nothing by itself is not waited for', async () => {
    const { told, look } = listeningTo(() => ({}) as ExecutionVenuePort);
    await look();
    await look(LISTENING_BOUNDS.tellAfterMs);
    expect(told).toEqual([]);
  });
});
