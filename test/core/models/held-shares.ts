import type { LedgerEvent } from '../../../core/ledger/events.ts';

/** After each fill, the share of the account that is held, in twentieths of its equity. */
export const heldShares = (events: readonly LedgerEvent[]): Set<number> =>
  new Set(
    events.flatMap((event) => {
      if (event.kind !== 'OrderFilled') return [];
      const { position, price, cash } = event as unknown as Record<'position' | 'price' | 'cash', number>;
      // Prices have two decimals and quantities six: their product is scaled as money is.
      const value = Number(position) * Number(price);
      return [Math.round((20 * value) / (value + Number(cash))) / 20];
    }),
  );
