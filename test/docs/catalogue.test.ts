/** The catalogue that is committed: every model in it was fitted, and none is there twice. */
import { describe, expect, test } from 'vitest';
import { catalogueOf, verdictOf } from '../../core/models/catalogue/entry.ts';
import { cataloguePage } from '../../scripts/proof/catalogue-page.ts';
import { readProof } from '../../scripts/proof/files.ts';

const LEAST_ENTRIES = 200;
const LEAST_FITTED = 200;
/** An exported file that differs by more than this is refused. */
const PARITY_BOUND = 1e-5;

describe('the catalogue of the proof', () => {
  const proof = readProof('catalogue')!;
  const { data, entries } = catalogueOf(proof.figures);

  test('has 200 models and more, each with all that an entry has to say, and no name twice', () => {
    expect(entries.length).toBeGreaterThanOrEqual(LEAST_ENTRIES);
    expect(new Set(entries.map(({ name }) => name)).size).toBe(entries.length);
    expect(new Set(entries.map(({ group }) => group))).toEqual(new Set(['core', 'classical']));
    expect(data.judged.period[0]).toBeGreaterThan(data.trained.period[1]);
  });

  test('judges each on rows enough, and marks the losers', () => {
    for (const { name, fittedOn, judgedOn, gained, verdict, score, baseline, higherIsBetter } of entries) {
      expect({ name, isFitted: fittedOn >= LEAST_FITTED || judgedOn >= LEAST_FITTED }).toEqual({
        name,
        isFitted: true,
      });
      expect({ name, verdict }).toEqual({ name, verdict: verdictOf(gained) });
      // The mean lies where its interval says.
      const gain = (score - baseline) * (higherIsBetter ? 1 : -1);
      if (verdict !== 'undecided') expect({ name, isGain: gain > 0 }).toEqual({ name, isGain: verdict === 'beats' });
    }
    expect(entries.filter(({ verdict }) => verdict === 'loses').length).toBeGreaterThan(20);
  });

  test('finds no oracle of hourly gold: no model of its return or direction gains a tenth', () => {
    for (const { name, target, score, baseline, metric } of entries)
      if (['return', 'label', 'next-return', 'price'].includes(target) && ['squaredError', 'logLoss'].includes(metric))
        expect({ name, isModest: score > 0.9 * baseline }).toEqual({ name, isModest: true });
  });

  test('serves as ONNX what is within the bound, or says why the gate refuses it', () => {
    for (const { name, served, parity } of entries) {
      expect({ name, isExported: parity !== null }).toEqual({ name, isExported: served === 'onnx' });
      if (parity?.refused === null)
        expect({ name, isNear: parity.largestDifference <= PARITY_BOUND && parity.flipped === 0 }).toEqual({
          name,
          isNear: true,
        });
    }
  });

  test('stands on its page, every loser marked', () => {
    const page = cataloguePage(() => proof);
    for (const { name } of entries) expect(page).toContain(`| \`${name}\``);
    expect(page.match(/\| \*\*loses\*\* \|/g)).toHaveLength(
      entries.filter(({ verdict }) => verdict === 'loses').length,
    );
    expect(cataloguePage(() => undefined)).toContain('Not run yet.');
  });
});
