/** Denials of the methods that size an order, for accounts that configure any under `sizing`. */
import type { Described } from './control.ts';

/** Off by default: how an order is sized is the strategy’s to say. A position is then no larger than the smallest size. */
export const withinSize: Described = { code: 'SIZE_EXCEEDED', owner: 'risk' };

/** Without the bars or trades that a method needs its size is not known; `warmUpFraction` says what to do until they are there. */
export const historyKnown: Described = { code: 'SIZING_HISTORY_MISSING', owner: 'risk' };

/** What a stop may cost can only be said of an order that has one. */
export const stopKnown: Described = { code: 'SIZING_STOP_MISSING', owner: 'trader' };

/** A method that was asked and found no size (trades without an edge, prices that never moved) is not passed over. */
export const sizeKnown: Described = { code: 'SIZING_FOUND_NONE', owner: 'risk' };
