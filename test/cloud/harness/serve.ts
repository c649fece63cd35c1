/**
 * `node test/cloud/harness/serve.ts [--iam]`: an emulated cloud until Ctrl-C, for work by hand. It prints the settings
 * with which the AWS and CDK command lines find it.
 */

import { parseArgs } from 'node:util';
import { PlimsollError } from '../../../core/errors.ts';
import { startCloud } from './cloud.ts';

async function main(): Promise<void> {
  const { iam } = options();
  const cloud = await startCloud({ iam, schedules: true });
  for (const [name, value] of Object.entries(cloud.env)) console.log(`export ${name}='${value}'`);
  console.log(`# account ${cloud.account}, IAM ${iam ? 'enforced' : 'not enforced'}; Ctrl-C ends it`);
  await new Promise((resolve) => process.once('SIGINT', resolve).once('SIGTERM', resolve));
  await cloud.stop();
}

function options(): { iam: boolean } {
  try {
    return parseArgs({ options: { iam: { type: 'boolean', default: false } } }).values;
  } catch (problem) {
    const message = problem instanceof Error ? problem.message : String(problem);
    throw new PlimsollError('USAGE', message, 'the only option is --iam');
  }
}

main().catch((problem) => {
  if (!(problem instanceof PlimsollError)) throw problem;
  console.error(problem.sentence);
  process.exitCode = problem.code === 'USAGE' ? 2 : 1;
});
