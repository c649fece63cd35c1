import * as z from 'zod';
import { combinedOpinion } from '../../models/combined-opinion.ts';
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

/** Does what several models expect together while they are sure, and holds it for as long as they looked ahead. */
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
  indicators: ({ models, method, regimes, limits, memory, stay, lead, coverage }) => ({
    desk: combinedOpinion(models, { method, regimes, limits, memory, stay, lead, coverage }),
  }),
  state: () => ({ heldBars: 0 }),
  onBar({ desk, params, position, state, target }) {
    const isSure = desk.unsure.value === 0;
    const rises = isSure && desk.up.value > 0.5;
    const falls = isSure && desk.up.value < 0.5;
    const protection = { stopLoss: params.stopLoss };
    if (rises && !position.isLong) {
      state.heldBars = 0;
      return target(1, `a rise is expected by ${deciders(params.models, desk)}`, protection);
    }
    if (falls && !position.isShort && (params.short || position.isLong)) {
      state.heldBars = 0;
      const reason = `a fall is expected by ${deciders(params.models, desk)}`;
      return params.short ? target(-1, reason, protection) : target(0, reason);
    }
    if (position.isFlat) return;
    state.heldBars = isSure ? 0 : state.heldBars + 1;
    if (state.heldBars >= params.hold) return target(0, 'the models have not been sure for as long as they look ahead');
  },
});

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
