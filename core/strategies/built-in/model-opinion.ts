import * as z from 'zod';
import { opinion } from '../../models/opinion.ts';
import { trialOpinion } from '../../models/trial.ts';
import { strategy } from '../contract.ts';

/** Whole, since each text of a reason is kept for ever; the opinion itself is made again by `plimsoll replay`. */
const percent = (probability: number): string => `${Math.round(100 * probability)} %`;

/** What one version holds, were it alone: a share of the capital is its own. */
interface Book {
  /** 1 long, -1 short, 0 nothing. */
  side: number;
  /** Bars since it was last sure. */
  heldBars: number;
}

/** What a version says to a bar. */
interface Said {
  readonly up: number;
  readonly isSure: boolean;
}

interface Rules {
  readonly hold: number;
  readonly short: boolean;
}

/** Lets a version decide about its own book. Returns why it changed; undefined where it did not. */
function decide(book: Book, who: string, { up, isSure }: Said, { hold, short }: Rules): string | undefined {
  const before = book.side;
  if (isSure) {
    book.heldBars = 0;
    book.side = up > 0.5 ? 1 : up < 0.5 ? (short ? -1 : 0) : before;
    if (book.side === before) return undefined;
    return up > 0.5 ? `${who} expects a rise (${percent(up)})` : `${who} expects a fall (${percent(1 - up)})`;
  }
  if (before === 0 || ++book.heldBars < hold) return undefined;
  book.side = 0;
  return `${who} has not been sure for as long as it looks ahead`;
}

/**
 * Does what a model expects while the model is sure, and holds it for as long as the model looked ahead. While another version is on trial,
 * that one decides over its share of the capital in the same way.
 */
export default strategy({
  name: 'model-opinion',
  description: 'Holds the way that a model expects the price to go, where the model is sure; for so many bars at most.',
  params: z.strictObject({
    /** Its name; the version that was promoted last decides. */
    model: z.string().min(1).max(63).default('crypto-5m'),
    /** Bars that a position is held without a new opinion; what the model's label looks ahead. */
    hold: z.int().min(1).max(10_000).default(24),
    /** Least probability of the way that is taken. */
    least: z.number().min(0.5).max(1).default(0.5),
    short: z.boolean().default(false),
    stopLoss: z.number().positive().max(0.9).default(0.05),
  }),
  indicators: ({ model }) => ({ desk: opinion(model), trial: trialOpinion(model) }),
  state: () => ({ champion: { side: 0, heldBars: 0 } as Book, challenger: { side: 0, heldBars: 0 } as Book }),
  onBar({ desk, trial, params, position, state, target }) {
    const { champion, challenger } = state;
    const share = trial.share.value;
    const held = position.isLong ? 1 : position.isShort ? -1 : 0;
    // What was stopped out or denied is held by neither; what nobody claims is the champion's.
    if (held === 0 || share === 0) challenger.side = 0;
    if (held === 0 || challenger.side === 0) champion.side = held;
    const said = ({ up, unsure }: typeof desk | typeof trial): Said => ({
      up: up.value,
      isSure: unsure.value === 0 && Math.max(up.value, 1 - up.value) >= params.least,
    });
    const reasons = [
      decide(champion, 'the model', said(desk), params),
      share > 0 ? decide(challenger, `the version on trial (${percent(share)})`, said(trial), params) : undefined,
    ].filter((reason) => reason !== undefined);
    if (reasons.length === 0) return;
    const size = (1 - share) * champion.side + share * challenger.side;
    return target(size, reasons.join('; '), size === 0 ? {} : { stopLoss: params.stopLoss });
  },
});
