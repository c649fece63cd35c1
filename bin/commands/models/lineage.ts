/** The way from an order back to the bars that its model learned from. */
import { lineageOf } from '../../../platform/models/lineage.ts';
import { modelsIn } from '../../../platform/models/strategies-at-hand.ts';
import { streamOfAccount, visiting } from '../../../platform/visit.ts';
import type { ModelsArguments } from './arguments.ts';
import { say } from './print.ts';

export interface LineageArguments extends ModelsArguments {
  readonly order: number;
  readonly account?: string;
  readonly bars?: string;
}

const WIDTH = 9;

/** Exit code 1 where a link does not hold. Throws `ORDER_OF_ANOTHER_MODEL` where the order was decided by another one than `name`. */
export async function lineage(name: string, given: LineageArguments): Promise<void> {
  const links = await visiting(
    { config: given.config, ...(given.data ? { data: given.data } : {}), readOnly: true },
    async (visit) =>
      lineageOf({
        ports: visit.steps,
        models: modelsIn(visit.directory, { readOnly: true }),
        stream: await streamOfAccount(visit, given.account),
        order: given.order,
        model: name,
        ...(given.bars === undefined ? {} : { bars: given.bars }),
      }),
  );
  if (given.json) say(JSON.stringify(links));
  else for (const { link, holds, found } of links) say(`${holds ? ' ' : '!'} ${link.padEnd(WIDTH)} ${found}`);
  if (links.some(({ holds }) => !holds)) process.exitCode = 1;
}
