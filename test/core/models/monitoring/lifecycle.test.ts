import { describe, expect, test } from 'vitest';
import {
  type Lifecycle,
  lifecycleAfter,
  lifecycleEntryIn,
  NEW_LIFECYCLE,
  nextTransition,
  type Observation,
  sharesOf,
  type Transition,
} from '../../../../core/models/monitoring/lifecycle.ts';
import { type LifecycleLimits, lifecycleLimitsSchema } from '../../../../core/models/monitoring/limits.ts';

const BAR_MS = 3_600_000;
const DAY_MS = 24 * BAR_MS;
const [A, B, C] = ['a', 'b', 'c'].map((letter) => letter.repeat(16));
const LIMITS = lifecycleLimitsSchema.parse({ leastFreshBars: 100, leastShadowBars: 50, leastTrialBars: 50 });
const NOTHING = { outcomes: 100, better: 0, worse: 0, refused: 0 };
const SURE = { ...NOTHING, better: 10 };

/** What is seen at the close of a bar; bars follow one another without a gap. */
const seen = (bar: number, change: Partial<Observation> = {}): Observation => ({
  at: bar * BAR_MS,
  champion: A,
  refused: 0,
  trainedTo: 0,
  barsSince: (time) => bar - time / BAR_MS,
  ...change,
});
const drift = { since: 10 * BAR_MS, reason: 'it drifts', figures: { psi: 1 } };

/** A life: at each bar what follows from what is seen, as long as something does. */
class Life {
  state: Lifecycle = NEW_LIFECYCLE;
  readonly limits: LifecycleLimits;

  constructor(limits: Partial<LifecycleLimits> = {}) {
    this.limits = { ...LIMITS, ...limits };
  }

  see(bar: number, change: Partial<Observation> = {}): Transition[] {
    const followed: Transition[] = [];
    for (;;) {
      // The registry has what transitions put there, unless a person was there too.
      const observation = seen(bar, { champion: this.state.champion ?? A, ...change });
      const next = nextTransition(this.state, observation, this.limits);
      if (next === undefined) return followed;
      // What is written down is read again.
      this.state = lifecycleAfter(this.state, lifecycleEntryIn(JSON.stringify(next)));
      followed.push(next);
    }
  }

  kinds(bar: number, change: Partial<Observation> = {}): string[] {
    return this.see(bar, change).map(({ kind }) => kind);
  }

  /** Up to a challenger B in shadow at bar 120. */
  static inShadow(limits: Partial<LifecycleLimits> = {}): Life {
    const life = new Life(limits);
    life.see(1);
    life.see(20, { drift });
    life.see(110);
    life.see(120, { training: { status: 'finished', version: B } });
    return life;
  }
}

describe('a model’s life', () => {
  test('goes from drift over a training, shadow and trial to another champion, each step with its reason and figures', () => {
    const life = new Life();
    expect(life.kinds(1)).toEqual(['champion-seen']);
    expect(life.kinds(2)).toEqual([]);
    expect(life.see(20, { drift })).toEqual([{ kind: 'flagged', trigger: 'drift', at: 20 * BAR_MS, ...drift }]);
    expect(life.kinds(109)).toEqual([]);
    expect(life.see(110)).toMatchObject([
      { kind: 'queued', training: `${A}-drift-${110 * BAR_MS}`, since: 10 * BAR_MS, figures: { bars: 100 } },
    ]);
    expect(life.kinds(111, { training: { status: 'pending' } })).toEqual([]);
    expect(life.kinds(112, { training: { status: 'running' } })).toEqual(['training-started']);
    expect(life.kinds(113, { training: { status: 'running' } })).toEqual([]);
    expect(life.kinds(120, { training: { status: 'finished', version: B } })).toEqual(['shadow-started']);
    expect(life.kinds(169, { challenger: SURE })).toEqual([]);
    expect(life.kinds(170, { challenger: SURE })).toEqual(['trial-started', 'share-changed']);
    // On trial the evidence begins anew.
    expect(life.kinds(180, { challenger: NOTHING })).toEqual(['share-changed']);
    expect([...sharesOf(life.state)]).toEqual([
      [A, 0.95],
      [B, 0.05],
    ]);
    expect(life.see(220, { challenger: SURE })).toMatchObject([{ kind: 'promoted', version: B, instead: A }]);
    expect(life.state).toMatchObject({ stage: { name: 'observing' }, champion: B, former: A, challengers: 0 });
    expect(life.state.flagged).toBeUndefined();
  });

  test('of a challenger without evidence ends after so many bars', () => {
    const life = Life.inShadow({ mostStageBars: 500, mostTrainingsAWeek: 1, leastFreshBars: 100 });
    expect(life.kinds(619, { challenger: NOTHING })).toEqual([]);
    expect(life.see(620, { challenger: NOTHING })[0]).toMatchObject({ kind: 'rejected', version: B });
  });

  test.each([
    ['is worse', { ...NOTHING, worse: 10 }, 'it is worse than the champion'],
    ['cannot answer', { ...SURE, refused: 1 }, 'it could not answer'],
  ])('of a challenger that %s ends at once, in shadow and on trial', (_, challenger, reason) => {
    expect(Life.inShadow().see(121, { challenger })).toMatchObject([{ kind: 'rejected', version: B, reason }]);
    const onTrial = Life.inShadow();
    onTrial.see(170, { challenger: SURE });
    expect(onTrial.see(171, { challenger })).toMatchObject([{ kind: 'rejected', version: B, reason }]);
    expect([...sharesOf(onTrial.state)]).toEqual([[A, 1]]);
  });

  test('of a training that left the champion again ends there', () => {
    const life = new Life();
    life.see(1);
    life.see(110, { drift });
    expect(life.kinds(120, { training: { status: 'finished', version: A } })).toEqual(['shadow-started', 'rejected']);
  });

  test('of a challenger that was rejected goes on with another, once as much is new', () => {
    const life = Life.inShadow();
    life.see(130, { challenger: { ...NOTHING, worse: 10 } });
    expect(life.kinds(209)).toEqual([]);
    expect(life.see(210)).toMatchObject([{ kind: 'queued', since: 10 * BAR_MS, figures: { bars: 100 } }]);
  });

  test('of a training that failed goes on, and trains again', () => {
    const life = new Life();
    life.see(1);
    life.see(110, { drift });
    const training = { status: 'failed', reason: 'too few rows' } as const;
    const followed = life.see(120, { training });
    expect(followed[0]).toMatchObject({ kind: 'training-failed', reason: 'too few rows' });
    // Not twice at one bar, however fast it fails.
    expect(followed.map(({ kind }) => kind)).toEqual(['training-failed', 'queued', 'training-failed']);
    expect(life.kinds(121, { training })).toEqual(['queued', 'training-failed']);
  });

  test('asks each next challenger of a champion for more evidence', () => {
    const needed: number[] = [];
    const life = Life.inShadow({ mostTrainingsAWeek: 100 });
    for (let bar = 200; bar < 1_200; bar += 200) {
      const [trial] = life.see(bar, { challenger: { ...NOTHING, better: 9 } });
      needed.push(trial.figures.needed);
      life.see(bar + 10, { challenger: { ...NOTHING, worse: 9 } });
      life.see(bar + 120);
      life.see(bar + 130, { training: { status: 'finished', version: C } });
    }
    expect(needed.map((value) => Math.round(Math.exp(value) * 0.05))).toEqual([2, 6, 12, 20, 30]);
  });
});

describe('a champion', () => {
  const promoted = (): Life => {
    const life = Life.inShadow();
    life.see(170, { challenger: SURE });
    life.see(220, { challenger: SURE });
    return life;
  };
  test('is rolled back from where the one before proves better, and not sooner', () => {
    const life = promoted();
    expect(life.kinds(230, { former: { ...NOTHING, better: 5 } })).toEqual([]);
    expect(life.see(240, { former: { ...NOTHING, better: 5.4 } })).toMatchObject([
      { kind: 'rolled-back', version: A, instead: B, figures: { evidence: 5.4 } },
    ]);
    expect(life.state).toMatchObject({ champion: A, stage: { name: 'observing' } });
    expect(life.state.former).toBeUndefined();
  });

  test('is rolled back from at once where it cannot answer', () => {
    const life = promoted();
    const next = nextTransition(life.state, seen(230, { champion: B, refused: 1, former: NOTHING }), LIMITS);
    expect(next).toMatchObject({ kind: 'rolled-back', version: A, figures: { refused: 1 } });
  });

  test('is not rolled back from to one that is retired, or that cannot answer either', () => {
    expect(promoted().kinds(230, { refused: 1 })).toEqual(['flagged', 'queued']);
    expect(promoted().kinds(230, { former: { ...SURE, refused: 1 } })).toEqual([]);
  });

  test('that a person chose is taken as it is, with the one before to go back to', () => {
    const life = promoted();
    expect(life.kinds(230, { champion: C, formerChampion: B })).toEqual(['champion-seen']);
    expect(life.state).toMatchObject({ champion: C, former: B });
  });

  test('that changes lets the challenger beside it begin anew', () => {
    const life = Life.inShadow();
    life.see(170, { challenger: SURE });
    life.see(171, { champion: C, formerChampion: A });
    expect(life.state).toMatchObject({ stage: { name: 'shadow', version: B, since: 171 * BAR_MS }, challengers: 1 });
  });
});

describe('a training is queued', () => {
  test.each<[string, Partial<LifecycleLimits>, number]>([
    ['by schedule', { retrainAfterDays: 30 }, 30 * 24],
    ['for new data', { retrainAfterBars: 400 }, 400],
  ])('%s, where a person said so, just when it is time', (_, limits, bar) => {
    const life = new Life(limits);
    expect(life.kinds(bar - 1)).toEqual(['champion-seen']);
    expect(life.kinds(bar)).toEqual(['queued']);
    const without = new Life();
    without.see(1);
    expect(without.kinds(bar)).toEqual([]);
  });

  test('for decay as for drift', () => {
    const life = new Life();
    life.see(1);
    expect(life.see(110, { decay: drift })).toMatchObject([
      { kind: 'flagged', trigger: 'decay' },
      { kind: 'queued', trigger: 'decay', since: drift.since },
    ]);
  });

  test('no more often in seven days than a person allowed', () => {
    const life = new Life({ mostTrainingsAWeek: 2 });
    life.see(1);
    const queued: number[] = [];
    for (let bar = 110; bar < 110 + 16 * 24; bar++) {
      const kinds = life.kinds(bar, { drift, training: { status: 'failed', reason: 'it failed' } });
      for (const kind of kinds) if (kind === 'queued') queued.push(bar);
    }
    for (let k = 2; k < queued.length; k++)
      expect((queued[k] - queued[k - 2]) * BAR_MS).toBeGreaterThanOrEqual(7 * DAY_MS);
    expect(queued).toHaveLength(6);
  });

  test('never where a person allows none', () => {
    const life = new Life({ mostTrainingsAWeek: 0 });
    life.see(1);
    expect(life.kinds(200, { drift })).toEqual(['flagged']);
  });
});

test('the share grows with the evidence in quarters, from the first to the most', () => {
  const life = Life.inShadow({ firstShare: 0.1, mostShare: 0.5 });
  life.see(170, { challenger: { ...NOTHING, better: 3.7 } });
  const needed = Math.log(2 / 0.05);
  const shares = [-5, 0, 0.2, 0.3, 0.6, 0.8, 1, 5].map((progress) => {
    life.see(175, { challenger: { ...NOTHING, better: progress * needed, outcomes: 5 } });
    return Math.round(100 * (sharesOf(life.state).get(B) ?? 0));
  });
  expect(shares).toEqual([10, 10, 10, 20, 30, 40, 50, 50]);
});

test('a state that is written down whole is read as it was', () => {
  const { state } = Life.inShadow();
  const entry = lifecycleEntryIn(JSON.stringify({ kind: 'carried', state }));
  expect(lifecycleAfter(NEW_LIFECYCLE, entry)).toEqual(state);
});

test.each(['', '{}', '{"kind":"promoted"}'])('a transition that reads %j is refused', (text) => {
  expect(() => lifecycleEntryIn(text)).toThrow(expect.objectContaining({ code: 'MODEL_LIFECYCLE_DAMAGED' }));
});

test.each([{ firstShare: 0.4, mostShare: 0.3 }, { mostShare: 2 }, { leastShadowBar: 5 }, { promotionError: 0 }])(
  'limits of %j are refused',
  (limits) => {
    expect(lifecycleLimitsSchema.safeParse(limits).success).toBe(false);
  },
);
