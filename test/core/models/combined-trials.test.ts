/** Versions on trial among models that decide together: each is heard as it would be, had it been promoted. */
import { describe, expect, test } from 'vitest';
import { PlimsollError } from '../../../core/errors.ts';
import { columnsOf } from '../../../core/indicators/indicator.ts';
import { fromCheckpointJson, toCheckpointJson } from '../../../core/json.ts';
import { combinedOpinion, withEveryModel } from '../../../core/models/combined-opinion.ts';
import { combinedTrials } from '../../../core/models/combined-trials.ts';
import type { ModelsAtHand, ServedModel } from '../../../core/models/opinion.ts';
import { trialsOf } from '../../../core/models/trial.ts';
import { walk } from '../backtest/trades-support.ts';
import { atHand, contraryDesk, momentumDesk } from './desk.ts';

const bars = walk(1_500, 3);
const MODELS = ['momentum', 'other'];
const options = { memory: 60, limits: { leastWeight: 0.2, mostWeight: 0.8, leastThreshold: 0.5, mostThreshold: 0.6 } };
const other = { ...momentumDesk({}, 'a000000000000001'), name: 'other' };
const challenger = contraryDesk('fedcba9876543210');

const tried = (champion: ServedModel, served: ServedModel, share: number): ServedModel => ({
  ...champion,
  trial: { served: { ...served, name: champion.name }, share },
});
const specOf = (...models: readonly ServedModel[]) => combinedTrials(MODELS, options).with(atHand(...models));
const one = specOf(momentumDesk(), tried(other, challenger, 0.25));

describe('versions on trial among models that decide together', () => {
  test('are heard as they would be, had they been promoted', () => {
    const promoted: ModelsAtHand = atHand(momentumDesk(), { ...challenger, name: 'other' });
    const then = columnsOf(combinedOpinion(MODELS, options).with(promoted), bars);
    const now = columnsOf(one, bars);
    expect(now.said2).toEqual(then.up2);
    expect(now.up2).toEqual(then.up);
    expect(now.unsure2).toEqual(then.unsure);
    expect(new Set(now.share2)).toEqual(new Set([0.25]));
    expect(now.said2.slice(one.warmUp).every((said) => said >= 0 && said <= 1)).toBe(true);
    const champions = columnsOf(combinedOpinion(MODELS, options).with(atHand(momentumDesk(), other)), bars);
    expect(now.up2).not.toEqual(champions.up);
  });

  test('leave nothing of a model that has none', () => {
    const { share1, said1, up1, unsure1 } = columnsOf(one, bars);
    expect(new Set(share1)).toEqual(new Set([0]));
    for (const column of [said1, up1, unsure1]) expect(new Set(column)).toEqual(new Set([Number.NaN]));
    expect(specOf(momentumDesk(), other)).toMatchObject({ warmUp: 1, trials: [] });
  });

  test.each([1, 9, 1_024])('have the same bits in blocks of %d bars, and from a checkpoint', (size) => {
    const both = specOf(tried(momentumDesk(), challenger, 0.1), tried(other, challenger, 0.25));
    const whole = columnsOf(both, bars);
    const out = both.outputs.map(() => new Float64Array(bars.length));
    let indicator = both.create();
    for (let at = 0; at < bars.length; at += size) {
      if (at % 7 === 2) {
        const kept = JSON.parse(JSON.stringify(toCheckpointJson(indicator.snapshot())));
        indicator = both.create();
        indicator.restore(fromCheckpointJson(kept) as never);
      }
      indicator.advance(bars, at, Math.min(bars.length, at + size), out, at);
    }
    expect(out).toEqual(both.outputs.map((name) => whole[name]));
  });

  test('are named with what they said, each by its model', () => {
    const { trials } = withEveryModel(
      { trials: combinedTrials(MODELS, options) },
      atHand(tried(momentumDesk(), challenger, 0.1), tried(other, challenger, 0.25)),
    );
    expect(trialsOf(trials).map(({ model, output, trial }) => [model, output, trial.share])).toEqual([
      ['momentum', 'said1', 0.1],
      ['other', 'said2', 0.25],
    ]);
  });

  test('tell themselves apart by version and share, and go to a longer timeframe', () => {
    const longer = one.on('4h');
    expect([longer.timeframe, longer.trials, longer.warmUp]).toEqual(['4h', one.trials, one.warmUp]);
    const parameters = [
      one,
      specOf(momentumDesk(), tried(other, challenger, 0.3)),
      specOf(momentumDesk(), tried(other, contraryDesk('fedcba9876543211'), 0.25)),
      specOf(momentumDesk(), other),
    ].map((spec) => JSON.stringify(spec.parameters));
    expect(new Set(parameters).size).toBe(4);
  });

  test('bad input: shares that sum to more than the whole leave room for each other', () => {
    const { share1, share2 } = columnsOf(
      specOf(tried(momentumDesk(), challenger, 0.9), tried(other, challenger, 0.6)),
      bars,
    );
    expect([share1[0], share2[0]]).toEqual([0.9 / 1.5, 0.6 / 1.5]);
  });

  test('bad input: where one has no answer, the other models decide over its share', () => {
    const mute: ServedModel = {
      ...challenger,
      ensemble: () => {
        throw new PlimsollError('MODEL_FILE_CHANGED', 'a file is not the one', 'restore it');
      },
    };
    const { said2, up2 } = columnsOf(specOf(momentumDesk(), tried(other, mute, 0.25)), bars);
    expect(new Set(said2)).toEqual(new Set([Number.NaN]));
    const alone = columnsOf(combinedOpinion(['momentum'], options).with(atHand(momentumDesk())), bars);
    expect(up2.slice(one.warmUp)).toEqual(alone.up.slice(one.warmUp));
  });

  test('bad input: models that cannot be combined are refused as they are without trials', () => {
    expect(() => combinedTrials(['a', 'a'])).toThrow(expect.objectContaining({ code: 'COMBINING_INVALID' }));
  });
});
