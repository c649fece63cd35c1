// The platform in this folder, on a disk that holds a few hundred cycles: it has to stop by itself.
import { loadConfiguration } from '../../adapters/files/configuration.ts';
import { PlimsollError } from '../../core/errors.ts';
import { startPlatform } from '../../platform/embedded.ts';

const platform = await startPlatform({
  loaded: loadConfiguration({ file: 'plimsoll.yaml', environment: {} }),
  root: process.cwd(),
  say: (line) => process.stdout.write(`${line}\n`),
  maxDatabaseBytes: 330_000,
});
const reason = await platform.stopped;
if (reason instanceof PlimsollError) process.stderr.write(`${reason.sentence}\n`);
process.exitCode = reason === undefined ? 0 : 1;
