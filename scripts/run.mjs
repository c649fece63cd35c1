// Runs a file of the project under the project's own Node, installing first what is missing: `node scripts/run.mjs FILE [arguments]`.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { ensureInstalled, environment, fastEnvironment, node, root } from './installed.mjs';

const [file, ...given] = process.argv.slice(2);
ensureInstalled();
const env = file.startsWith('bin/') ? fastEnvironment() : environment();
const child = spawn(node, [join(root, file), ...given], { stdio: 'inherit', env });
// A terminal sends Ctrl-C to both; this process waits for the other to stop cleanly.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    if (signal !== 'SIGINT') child.kill(signal);
  });
}
child.on('error', (error) => {
  process.stderr.write(
    `The project's Node could not be started (${error.message}). Remove node_modules and run the command again.\n`,
  );
  process.exit(1);
});
child.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 1)));
