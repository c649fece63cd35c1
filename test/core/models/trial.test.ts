/** A version on trial: it decides over its share of the capital beside the champion, and silences nobody. */
import { describe, expect, test } from 'vitest';
import { PlimsollError } from '../../../core/errors.ts';
import { columnsOf } from '../../../core/indicators/indicator.ts';
import type { LedgerEvent } from '../../../core/ledger/events.ts';
import type { ServedModel } from '../../../core/models/opinion.ts';
import { trialEntry, trialInEntry, trialOpinion } from '../../../core/models/trial.ts';
import modelOpinion from '../../../core/strategies/built-in/model-opinion.ts';
import { registration } from '../../../core/strategies/registration.ts';
import { definitionWith } from '../../../core/strategies/registry.ts';
import { play, walk } from '../backtest/trades-support.ts';
import { definitionOf } from '../research/support.ts';
import { atHand, contraryDesk, momentumDesk } from './desk.ts';
import { heldShares } from './held-shares.ts';

const bars = new Map([['ABC/USDT', walk(1_500, 3)]]);
const params = { model: 'momentum', hold: 5, stopLoss: 0.5 };

const withTrial = (served: ServedModel, share: number): ServedModel => ({
  ...momentumDesk(),
  trial: { served, share },
});

function played(served: ServedModel): LedgerEvent[] {
  const { run } = play({
    strategies: [definitionWith(modelOpinion, atHand(served))],
    params,
    bars,
    instrument: { quantityDecimals: 6 },
  });
  return [...run.engine.journal.events()] as unknown as LedgerEvent[];
}

const textsOf = (events: readonly LedgerEvent[]): string[] =>
  events.flatMap(({ kind, body }) => (kind === 'TextDefined' ? [(body as { text: string }).text] : []));

describe('a version on trial', () => {
  test('holds its share of the capital by its own opinion, and the champion the rest', () => {
    const events = played(withTrial(contraryDesk(), 0.25));
    expect([...heldShares(events)].sort()).toEqual([0.25, 0.75]);
    const texts = textsOf(events);
    expect(
      texts.some((text) => /^the model expects a rise .*; the version on trial \(25 %\) expects a fall/.test(text)),
    ).toBe(true);
    expect(
      texts.some((text) => /^the model expects a fall .*; the version on trial \(25 %\) expects a rise/.test(text)),
    ).toBe(true);
  });

  test('of no share changes nothing but its name in the ledger', () => {
    const trades = (events: readonly LedgerEvent[]) =>
      events.filter(({ kind }) => kind !== 'StrategyRegistered' && kind !== 'ConfigurationApplied');
    expect(trades(played(withTrial(contraryDesk(), 0)))).toEqual(trades(played(momentumDesk())));
  });

  test('bad input: one that cannot answer silences nobody: the champion goes on with what is its own', () => {
    const mute: ServedModel = {
      ...contraryDesk(),
      ensemble: () => {
        throw new PlimsollError('MODEL_FILE_CHANGED', 'a file is not the one', 'restore it');
      },
    };
    const events = played(withTrial(mute, 0.25));
    expect(events.some(({ kind }) => kind === 'StrategyFailed')).toBe(false);
    expect([...heldShares(events)].sort()).toEqual([0, 0.75]);
  });

  test('is named by the ledger beside the champion, with its share', () => {
    const given = definitionWith(modelOpinion, atHand(withTrial(contraryDesk(), 0.25)));
    const { models } = registration(definitionOf(given, ['A/USD'], { model: 'momentum' }).strategies[0]);
    expect(models).toEqual({ momentum: '0123456789abcdef', 'momentum/trial': 'fedcba9876543210@0.25' });
    const [name, text] = trialEntry('momentum', { served: contraryDesk(), share: 0.05 });
    expect(trialInEntry(name, text)).toEqual({ model: 'momentum', version: 'fedcba9876543210', share: 0.05 });
    expect(trialInEntry('momentum', '0123456789abcdef')).toBeUndefined();
  });

  test('has the same bits in blocks, bar by bar, and from a checkpoint', () => {
    const spec = trialOpinion('momentum').with(atHand(withTrial(contraryDesk(), 0.25)));
    const [series] = bars.values();
    const whole = columnsOf(spec, series);
    const out = spec.outputs.map(() => new Float64Array(series.length));
    let indicator = spec.create();
    for (let k = 0; k < series.length; k++) {
      if (k === 700) {
        const kept = indicator.snapshot();
        indicator = spec.create();
        indicator.restore(kept);
      }
      indicator.advance(series, k, k + 1, out, k);
    }
    expect(out).toEqual(spec.outputs.map((name) => whole[name]));
    expect(new Set(whole.share)).toEqual(new Set([0.25]));
  });
});
