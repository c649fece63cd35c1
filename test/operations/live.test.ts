/** What operations say of an account that trades real money. */
import { expect, test } from 'vitest';
import { disarmLive } from '../../functions/steps/commands-live.ts';
import account from '../../operations/account/show.ts';
import type { AccountSummary } from '../../operations/support/summary.ts';
import { by, Desk, STREAM } from '../functions/steps/live/desk.ts';

const summaryOf = (desk: Desk): Promise<AccountSummary> => account({ steps: desk.ports } as never, { account: 'live' });

test('the summary of an account says whether it trades real money, where, and whether it is armed', async () => {
  const desk = new Desk({ script: () => undefined });
  expect((await summaryOf(desk)).live).toEqual({ venue: 'sim', armed: false });
  await desk.open();
  await desk.run([10_000, 20_000]);
  expect((await summaryOf(desk)).live).toEqual({ venue: 'sim', armed: false });
  await desk.arm();
  expect((await summaryOf(desk)).live).toEqual({ venue: 'sim', armed: true });
  await disarmLive(desk.ports, STREAM, 'enough', by('disarm'));
  expect((await summaryOf(desk)).live).toEqual({ venue: 'sim', armed: false });
});
