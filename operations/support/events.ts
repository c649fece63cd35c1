/**
 * Ledger events as people read them: symbols, strategy ids and texts where the records have indices, and amounts as decimal
 * text. What an event names was defined by events before it, often long before; that is looked up, backwards.
 */
import type * as z from 'zod/mini';
import type { Engine } from '../../core/engine/engine.ts';
import type { MarketState } from '../../core/engine/market-state.ts';
import { type EventKind, type LedgerEvent, NUMERIC_EVENTS, type NumericEventKind } from '../../core/ledger/events.ts';
import type { LedgerPort } from '../../core/ports/ledger.ts';
import { DENIAL_UNITS, type DenialCode } from '../../core/risk/denial.ts';
import type { event } from '../schemas.ts';
import type { AccountView } from './account.ts';
import { moneyText, priceText, quantityText } from './decimals.ts';
import { eventsBefore, type SequencedEvent } from './ledger-events.ts';

export type EventView = z.output<typeof event>;

/** Events with their names filled in. */
export async function namedEvents(
  ledger: LedgerPort,
  view: AccountView,
  events: readonly SequencedEvent[],
): Promise<EventView[]> {
  const names = await namesFor(ledger, view, events);
  return events.map(({ sequence, event: { kind, version, cycle, ...fields } }) => ({
    sequence,
    kind,
    version,
    cycle,
    fields: namedFields(kind, fields, view.engine, names),
  }));
}

/** What events refer to by number. */
interface Names {
  readonly texts: Map<number, string>;
  readonly orders: Map<number, OrderNames>;
}

interface OrderNames {
  readonly strategy: number;
  readonly instrument: number;
  readonly side: unknown;
}

async function namesFor(ledger: LedgerPort, view: AccountView, events: readonly SequencedEvent[]): Promise<Names> {
  const names = knownNames(view);
  for (const { event } of events) learn(names, event);
  const missing = missingNames(names, events);
  if (missing.texts.size + missing.orders.size === 0) return names;
  for await (const { event } of eventsBefore(ledger, view.stream, events[0].commit + 1)) {
    const learned = learn(names, event);
    if (learned?.text !== undefined) missing.texts.delete(learned.text);
    if (learned?.order !== undefined) missing.orders.delete(learned.order);
    if (missing.texts.size + missing.orders.size === 0) break;
  }
  return names;
}

/** What the account document has: the latest texts and the orders at work. */
function knownNames({ engine, state }: AccountView): Names {
  const texts = new Map<number, string>([[0, '']]);
  for (const [text, index] of state.engine.texts.known) texts.set(index, text);
  const working = engine.markets.flatMap((market) => [...market.orders, ...market.held]);
  const orders = new Map<number, OrderNames>([...working, ...engine.intents].map((order) => [order.id, order]));
  return { texts, orders };
}

/** Takes what an event defines; answers its number. */
function learn(names: Names, event: LedgerEvent): { text?: number; order?: number } | undefined {
  if (event.kind === 'TextDefined') {
    const { index, text } = event.body as { index: number; text: string };
    names.texts.set(index, text);
    return { text: index };
  }
  if (event.kind !== 'OrderInitialized') return undefined;
  names.orders.set(event.order as number, event as unknown as OrderNames);
  return { order: event.order as number };
}

function missingNames(names: Names, events: readonly SequencedEvent[]) {
  const texts = new Set<number>();
  const orders = new Set<number>();
  for (const { event } of events) {
    if (typeof event.reason === 'number' && !names.texts.has(event.reason)) texts.add(event.reason);
    if (typeof event.order === 'number' && !names.orders.has(event.order)) orders.add(event.order);
  }
  return { texts, orders };
}

function namedFields(
  kind: LedgerEvent['kind'],
  fields: Record<string, unknown>,
  engine: Engine,
  names: Names,
): Record<string, unknown> {
  if (fields.body !== undefined) return { ...(fields.body as object) };
  const order = names.orders.get(fields.order as number);
  const index = fields.instrument ?? order?.instrument;
  const market = typeof index === 'number' ? engine.markets[index] : undefined;
  const strategy = (fields.strategy ?? order?.strategy) as number | undefined;
  const shown: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(fields)) shown[name] = shownValue(kind, name, value, engine, market);
  if (order) shown.side ??= order.side;
  if (market) shown.instrument = market.instrument.symbol;
  if (strategy !== undefined) shown.strategy = engine.definition.strategies[strategy]?.id ?? strategy;
  if (typeof fields.reason === 'number') shown.reason = names.texts.get(fields.reason) ?? `text ${fields.reason}`;
  if (kind === 'OrderDenied') nameDenial(shown, fields, engine, market);
  return shown;
}

const PRICES = new Set(['price', 'trigger', 'reference', 'mark']);
const QUANTITIES = new Set(['quantity', 'feeQuantity', 'position']);
/** Where 0 says that there is none. */
const NONE_AT_ZERO = new Set(['price', 'trigger', 'budget', 'parent', 'group']);

function shownValue(
  kind: LedgerEvent['kind'],
  name: string,
  value: unknown,
  engine: Engine,
  market: MarketState | undefined,
): unknown {
  if (NONE_AT_ZERO.has(name) && Number(value) === 0) return null;
  const spec: EventKind | undefined = NUMERIC_EVENTS[kind as NumericEventKind];
  const isScaled = spec?.words.some(([word, form]) => word === name && form === 'scaled');
  if (!isScaled) return value;
  const scaled = Number(value);
  if (PRICES.has(name)) return market ? priceText(market, scaled) : value;
  if (QUANTITIES.has(name)) return market ? quantityText(market, scaled) : value;
  return moneyText(engine, scaled);
}

/** `limit` and `value` of a denial are in the unit of its code. */
function nameDenial(
  shown: Record<string, unknown>,
  fields: Record<string, unknown>,
  engine: Engine,
  market: MarketState | undefined,
): void {
  const unit = DENIAL_UNITS[fields.denial as DenialCode] ?? '';
  for (const name of ['limit', 'value'] as const) {
    const scaled = fields[name] as number;
    if (unit === 'money') shown[name] = moneyText(engine, scaled);
    else if (unit === 'quantity' && market) shown[name] = quantityText(market, scaled);
  }
  shown.unit = unit;
}
