/** A deployment whose strategy reads a batch. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { configurationSchema } from '../../core/configuration/schema.ts';
import { prepareDeployment } from '../../lib/deployment.ts';
import { temporaryDirectory } from '../adapters/embedded/temporary.ts';

const CONTRACT = pathToFileURL(resolve(import.meta.dirname, '../../core/strategies/index.ts')).href;

test('bad input: a deployment is refused whose strategy reads a batch, since nothing makes its table there', async () => {
  const folder = temporaryDirectory();
  mkdirSync(join(folder, 'strategies'));
  writeFileSync(
    join(folder, 'strategies/calm.ts'),
    `import { batch, strategy, z } from '${CONTRACT}';
export default strategy({ name: 'calm', params: z.object({}), indicators: () => ({ said: batch('btc-garch') }), onBar() {} });
`,
  );
  const configuration = configurationSchema.parse({
    venues: { binance: { kind: 'ccxt', exchange: 'binance' } },
    universes: { one: { venue: 'binance', symbols: ['BTC/USDT'], timeframe: '1h' } },
    accounts: [{ id: 'paper', universe: 'one', strategies: [{ strategy: 'calm' }] }],
    dataDirectory: 'data',
  });
  await expect(prepareDeployment(configuration, folder)).rejects.toMatchObject({
    code: 'BATCH_NOT_DEPLOYABLE',
    message: 'the strategy "calm" reads the batch "btc-garch", and on AWS nothing makes its table yet',
  });
});
