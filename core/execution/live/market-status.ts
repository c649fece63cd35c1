/** What a venue says of its markets, taken over into the account: kept, told while it stands, and the end of what is delisted. */
import type { Engine } from '../../engine/engine.ts';
import { alert, liveOf } from '../../engine/venue-bookkeeping.ts';
import type { MarketState, VenueStatus } from '../../ports/execution-venue.ts';
import { haltMarket } from '../../risk/kill-switch.ts';
import type { Standing } from './market-standing.ts';

/** Characters of a venue's own word that are kept. */
const MAX_TEXT = 100;

interface Word {
  readonly state: MarketState;
  readonly text: string;
}

/** A market of which nothing was said, although it was asked for, is taken for halted. */
const UNSAID: Word = { state: 'unrecognised', text: 'nothing was said of it' };

/** Undefined: this venue does not say whether it trades. */
export function takeStatus(engine: Engine, venueName: string, status: VenueStatus | undefined): void {
  const live = liveOf(engine);
  if (status === undefined) {
    live.markets = undefined;
    return;
  }
  const before = live.markets;
  const words = new Map(status.markets.map((market) => [market.symbol, market]));
  const venue = follow(engine, 'market', { venue: venueName }, status, before?.venue ?? undefined);
  const markets = engine.markets.flatMap((market) => {
    const {
      index: instrument,
      instrument: { symbol },
    } = market;
    const known = before?.markets.find((one) => one.instrument === instrument);
    const standing = follow(engine, `market ${symbol}`, { symbol }, words.get(symbol) ?? UNSAID, known);
    // Once: a person who lets it be traded again is not overruled.
    if (standing?.state === 'delisted' && known?.state !== 'delisted')
      haltMarket(engine, market, goneFor(standing.text));
    return standing ? [{ instrument, ...standing }] : [];
  });
  live.markets = { at: engine.time, venue: venue ?? null, markets };
}

/** Why an instrument is halted that its venue does not list any more. */
export const goneFor = (word: string): string => `its venue does not list it: ${word}`;

/** Whether the venue itself says that an instrument is not listed any more. */
export const isSaidGone = ({ live }: Engine, instrument: number): boolean =>
  live?.markets?.markets.some((one) => one.instrument === instrument && one.state === 'delisted') === true;

/** What stands now, told where that is new; undefined where it trades. */
function follow(
  engine: Engine,
  key: string,
  what: { readonly [name: string]: string },
  { state, text }: Word,
  before: Standing | undefined,
): Standing | undefined {
  const live = liveOf(engine);
  if (state === 'open') {
    live.settleAlert(key);
    return undefined;
  }
  const standing = { state, text: text.slice(0, MAX_TEXT), since: before?.since ?? engine.time };
  if (before?.state === state && before.text === standing.text) return before;
  live.settleAlert(key);
  alert(engine, key, 'MARKET_NOT_OPEN', { ...what, state, status: standing.text, since: standing.since });
  return standing;
}
