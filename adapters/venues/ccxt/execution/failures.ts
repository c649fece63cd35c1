/** The ways in which a request to an exchange ends without what it asked for. */
import type { Complaint, Meaning } from './protocol.ts';

/** The exchange answered with an error of its own. */
export class Said extends Error {
  override readonly name = 'Said';
  readonly complaint: Complaint;
  readonly meaning: Meaning;

  constructor(complaint: Complaint, meaning: Meaning) {
    super(`it said "${complaint.message}" (${complaint.code}, HTTP ${complaint.status})`);
    this.complaint = complaint;
    this.meaning = meaning;
  }
}

/** The request went out, or may have, and nothing came back that can be read as the exchange's answer. */
export class Unheard extends Error {
  override readonly name = 'Unheard';
}

/** The request was not sent, or turned away for the rate alone, and why; it may be sent from `until` on (this machine's ms UTC). */
export class Unsent extends Error {
  override readonly name: string = 'Unsent';
  readonly until: number;

  constructor(why: string, until: number) {
    super(why);
    this.until = until;
  }
}

/** Not sent: this side's own budget has no room for it yet. */
export class OverBudget extends Unsent {
  override readonly name = 'OverBudget';
}
