/** What happens to parent orders, written and applied as in bookkeeping.ts: one event and one change of the state each. */
import { invariant } from '../errors.ts';
import type { AlgorithmSetting } from '../execution/algorithms/algorithm.ts';
import { childrenOf, type ParentOrder, restOf, totalOf } from '../execution/algorithms/parent-order.ts';
import { closeEnvelopeOver } from '../execution/envelope.ts';
import type { Order } from '../execution/order.ts';
import type { Json } from '../json.ts';
import { mulDivFloor } from '../numbers.ts';
import { begin, initialize, RECORDS, recordDocument } from './bookkeeping.ts';
import type { Engine } from './engine.ts';
import { moveReservation, release } from './reservations.ts';

/** The algorithm by which an order that has just passed risk is worked. */
export function setAlgorithm(engine: Engine, parent: ParentOrder, algorithm: AlgorithmSetting): void {
  parent.algorithm = algorithm;
  engine.algorithms++;
  recordDocument(engine, 'AlgorithmSet', { order: parent.id, algorithm: algorithm as unknown as Json });
}

/** The algorithm goes to work: from here on its market is looked at with every bar. */
export function startAlgorithm(engine: Engine, parent: Order): void {
  parent.to('Held');
  const at = begin(engine, RECORDS.AlgorithmStarted, 0);
  engine.journal.words[at] = parent.id;
  const market = engine.markets[parent.instrument];
  market.held.push(parent);
  closeEnvelopeOver(market);
}

/** A child comes to be, with the share of what is reserved for the parent that it is of what is not out yet. */
export function carve(engine: Engine, parent: ParentOrder, child: Order, reason: number): void {
  const asked = totalOf(child);
  const out = childrenOf(engine, parent).reduce((sum, other) => sum + restOf(other), 0);
  const unsent = restOf(parent) - out;
  invariant(asked > 0 && asked <= unsent, 'the parts of an order never come to more than the order');
  child.reserved = mulDivFloor(parent.reserved, asked, unsent);
  child.exposure = mulDivFloor(parent.exposure, asked, unsent);
  moveReservation(engine, parent, -child.reserved, -child.exposure);
  initialize(engine, child, reason, false);
  const at = begin(engine, RECORDS.ChildCarved, 0);
  engine.journal.words[at] = child.id;
  engine.journal.words[at + 1] = parent.id;
}

/** Everything that was asked for has filled, but for a rest that is too small to be sent. */
export function completeParent(engine: Engine, parent: ParentOrder): void {
  parent.to('Filled');
  const at = begin(engine, RECORDS.ParentFilled, 0);
  const words = engine.journal.words;
  words[at] = parent.id;
  words[at + 1] = parent.filled;
  words[at + 2] = engine.markets[parent.instrument].lastPrice;
  release(engine, parent);
}
