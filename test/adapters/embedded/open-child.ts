/** Run as a process of its own, with fewer rights where it is told: opens a data directory, and prints what came of it. */
import { openEmbedded } from '../../../adapters/embedded/embedded.ts';
import type { PlimsollError } from '../../../core/errors.ts';

const { PLIMSOLL_TEST_UID } = process.env;
if (PLIMSOLL_TEST_UID) process.setuid?.(Number(PLIMSOLL_TEST_UID));
try {
  const { ledger } = openEmbedded({ directory: process.argv[2] });
  process.stdout.write(JSON.stringify(await ledger.head('any')));
} catch (error) {
  const { code, message } = error as PlimsollError;
  process.stdout.write(JSON.stringify({ code, message }));
}
