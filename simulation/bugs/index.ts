/** The bug bank: defects that the invariants must find, or they would prove nothing. */
import { accountBugs } from './account-bugs.ts';
import type { Bug } from './bug.ts';
import { deliveryBugs } from './delivery-bugs.ts';
import { exchangeBugs } from './exchange-bugs.ts';
import { ledgerBugs } from './ledger-bugs.ts';

export const BUGS: readonly Bug[] = [...ledgerBugs, ...accountBugs, ...deliveryBugs, ...exchangeBugs];
