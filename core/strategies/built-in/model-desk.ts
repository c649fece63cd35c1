import * as z from 'zod';
import { combinedOpinion } from '../../models/combined-opinion.ts';
import { combinedTrials } from '../../models/combined-trials.ts';
import {
  COMBINING_DEFAULTS,
  COMBINING_METHODS,
  combiningFault,
  MAX_COMBINED,
  MAX_MEMORY,
} from '../../models/combining/options.ts';
import type { SeriesView } from '../contract.ts';
import { strategy } from '../contract.ts';

const { limits, memory, stay, lead, coverage, method } = COMBINING_DEFAULTS;
const model = z.string().min(1).max(63);
const share = z.number().min(0).max(1);

/** What the models hold with one set of versions, were it alone: a share of the capital is its own. */
interface Book {
  /** 1 long, -1 short, 0 nothing. */
  side: number;
  /** Bars since they were last sure. */
  heldBars: number;
}

const emptyBook = (): Book => ({ side: 0, heldBars: 0 });

type Change = 'rise' | 'fall' | 'unsure';

/** Lets models decide about their own book, by what they say together. Returns why it changed; undefined where it did not. */
function decide(
  book: Book,
  { up, unsure }: { readonly up: SeriesView; readonly unsure: SeriesView },
  { hold, short }: { readonly hold: number; readonly short: boolean },
): Change | undefined {
  const isSure = unsure.value === 0;
  if (isSure && up.value > 0.5 && book.side <= 0) {
    book.side = 1;
    book.heldBars = 0;
    return 'rise';
  }
  if (isSure && up.value < 0.5 && book.side >= 0 && (short || book.side > 0)) {
    book.side = short ? -1 : 0;
    book.heldBars = 0;
    return 'fall';
  }
  if (book.side === 0) return undefined;
  book.heldBars = isSure ? 0 : book.heldBars + 1;
  if (book.heldBars < hold) return undefined;
  book.side = 0;
  return 'unsure';
}

/**
 * Does what several models expect together while they are sure, and holds it for as long as they looked ahead. While another version of one of
 * them is on trial, the models with that version among them decide over its share of the capital in the same way.
 */
export default strategy({
  name: 'model-desk',
  description:
    'Holds the way that several models expect the price to go, weighed by regime or by how they did of late.',
  params: z
    .strictObject({
      /** Their names; the versions that were promoted last decide. */
      models: z.array(model).min(1).max(MAX_COMBINED).default(['gold-hourly', 'crypto-hourly']),
      method: z.enum(COMBINING_METHODS).default(method),
      /** By the name of a regime, the model that decides in it. */
      regimes: z.record(z.string(), model).default({}),
      /** Nothing that is learned leads beyond these. */
      limits: z
        .strictObject({
          leastWeight: share.default(limits.leastWeight),
          mostWeight: share.default(limits.mostWeight),
          leastThreshold: share.default(limits.leastThreshold),
          mostThreshold: share.default(limits.mostThreshold),
        })
        .default(limits),
      /** Bars whose outcomes count. */
      memory: z.int().min(1).max(MAX_MEMORY).default(memory),
      /** Bars that the best of late decides at least, and nats by which another has to have been better to take over. */
      stay: z.int().min(1).max(MAX_MEMORY).default(stay),
      lead: z.number().min(0).max(1).default(lead),
      /** How often the true way is to be among those that are held possible. */
      coverage: z.number().min(0.5).max(0.999).default(coverage),
      /** Bars that a position is held without a new opinion; what the models' labels look ahead. */
      hold: z.int().min(1).max(10_000).default(24),
      short: z.boolean().default(false),
      stopLoss: z.number().positive().max(0.9).default(0.05),
    })
    .superRefine(({ models, ...options }, context) => {
      const fault = combiningFault(models, options);
      if (fault) context.addIssue({ code: 'custom', path: [...fault.at], message: `${fault.what}; ${fault.remedy}` });
    }),
  indicators: ({ models, method, regimes, limits, memory, stay, lead, coverage }) => {
    const options = { method, regimes, limits, memory, stay, lead, coverage };
    return { desk: combinedOpinion(models, options), trials: combinedTrials(models, options) };
  },
  state: ({ models }) => ({ champions: emptyBook(), challengers: models.map(emptyBook) }),
  onBar({ desk, trials, params, position, state, target }) {
    const { champions, challengers } = state;
    const shares = params.models.map((_, k) => outputOf(trials, 'share', k).value);
    const held = position.isLong ? 1 : position.isShort ? -1 : 0;
    // What was stopped out or denied is held by nobody; what no challenger claims is the champions'.
    for (const [k, book] of challengers.entries()) if (held === 0 || shares[k] === 0) book.side = 0;
    if (held === 0 || challengers.every(({ side }) => side === 0)) champions.side = held;
    const reasons: string[] = [];
    const change = decide(champions, desk, params);
    if (change === 'unsure') reasons.push('the models have not been sure for as long as they look ahead');
    else if (change) reasons.push(`a ${change} is expected by ${deciders(params.models, desk)}`);
    for (const [k, name] of params.models.entries()) {
      if (shares[k] === 0) continue;
      const said = { up: outputOf(trials, 'up', k), unsure: outputOf(trials, 'unsure', k) };
      const changed = decide(challengers[k], said, params);
      if (changed)
        reasons.push(`with ${name}'s version on trial (${Math.round(100 * shares[k])} %) ${CHANGES[changed]}`);
    }
    if (reasons.length === 0) return;
    const size = challengers.reduce((sum, { side }, k) => sum + shares[k] * (side - champions.side), champions.side);
    return target(size, reasons.join('; '), size === 0 ? {} : { stopLoss: params.stopLoss });
  },
});

const CHANGES: Readonly<Record<Change, string>> = {
  rise: 'a rise is expected',
  fall: 'a fall is expected',
  unsure: 'they have not been sure for as long as they look ahead',
};

const outputOf = (
  trials: Readonly<Record<string, SeriesView>>,
  kind: 'share' | 'up' | 'unsure',
  k: number,
): SeriesView => trials[`${kind}${k + 1}`];

/** Weights are told in so many parts: each text of a reason is kept for ever; `plimsoll replay` has the weights themselves. */
const PARTS = 20;

/** "gold-hourly 65 %, crypto-hourly 35 %", and who has no answer. */
function deciders(models: readonly string[], desk: Readonly<Record<string, SeriesView>>): string {
  const parts = partsOf(models.map((_, k) => desk[`weight${k + 1}`].value));
  const deciding = models.flatMap((name, k) => (parts[k] > 0 ? [`${name} ${(100 / PARTS) * parts[k]} %`] : []));
  const silent = models.filter((_, k) => Number.isNaN(desk[`up${k + 1}`].value));
  return `${deciding.join(', ')}${silent.length > 0 ? `; no answer from ${silent.join(', ')}` : ''}`;
}

/** Whole numbers that sum to the parts, each next to its share: those that lost most by rounding down are given what is left. */
function partsOf(shares: readonly number[]): number[] {
  const parts = shares.map((each) => Math.floor(PARTS * each + 1e-9));
  const lost = shares.map((each, k) => ({ k, by: PARTS * each - parts[k] })).sort((a, b) => b.by - a.by || a.k - b.k);
  const left = PARTS - parts.reduce((sum, part) => sum + part, 0);
  for (const { k } of lost.slice(0, left)) parts[k]++;
  return parts;
}
