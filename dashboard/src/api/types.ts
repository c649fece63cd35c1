/** The shapes of the API, from the one list of operations. Types only: no schema and no implementation reaches the browser. */
import type * as z from 'zod/mini';
import type { operations } from '../../../operations/index.ts';
import type * as s from '../../../operations/schemas.ts';

type Operation = (typeof operations)[number];
type Named<Name extends string> = Extract<Operation, { name: Name }>;

/** The names of the operations of a kind. */
export type OperationOf<Kind extends Operation['kind']> = Extract<Operation, { kind: Kind }>['name'];
export type Input<Name extends string> = z.input<Named<Name>['input']>;
export type Output<Name extends string> = z.output<Named<Name>['output']>;

export type AccountSummary = z.output<typeof s.accountSummary>;
export type Order = z.output<typeof s.order>;
export type Position = z.output<typeof s.position>;
export type Cycle = z.output<typeof s.cycle>;
export type Bar = z.output<typeof s.bar>;
export type LedgerEvent = z.output<typeof s.event>;
export type Job = z.output<typeof s.job>;
export type Provenance = z.output<typeof s.provenance>;
export type TradingState = z.output<typeof s.tradingState>;

export type Instance = Output<'status.show'>;
export type Updates = Output<'updates.since'>;
export type Proposal = Output<'proposals.list'>['proposals'][number];
export type EquityPoint = Output<'account.equity'>['equity'][number];
export type HeldLimits = NonNullable<Instance['accounts'][number]['heldLimits']>;
export type LiveStanding = Output<'live.show'>;
export type Shortfall = Output<'orders.shortfall'>['orders'][number];
export type RunningStrategy = Output<'strategies.list'>['running'][number];
export type AvailableStrategy = Output<'strategies.list'>['available'][number];
export type ListedModel = Output<'models.list'>['models'][number];
export type ShownModel = Output<'models.show'>;
export type ModelSighting = Output<'models.watch'>['models'][number];
