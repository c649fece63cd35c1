import { describe, expect, it } from 'vitest';
import { awsEnvironment, queueVariables, settingVariable } from '../../../adapters/aws/environment.ts';

const URL = 'https://sqs.eu-west-1.amazonaws.com/123456789012/signal.fifo';

describe('the environment of a function', () => {
  it('gives what the function needs, and no more', () => {
    const variables = {
      [settingVariable('ledgerTable')]: 'ledger',
      [settingVariable('lakeBucket')]: 'lake',
      [queueVariables('signal').url]: URL,
      [queueVariables('risk').url]: URL,
    };
    expect(awsEnvironment(variables, { settings: ['ledgerTable'], queues: ['signal'] })).toEqual({
      ledgerTable: 'ledger',
      queues: { signal: { url: URL, deadLettersUrl: undefined } },
    });
  });

  it('gives the dead letters of a queue where they are asked for', () => {
    const { url, deadLettersUrl } = queueVariables('urgent');
    const found = awsEnvironment(
      { [url]: URL, [deadLettersUrl]: `${URL}-dead` },
      { queues: ['urgent'], deadLetters: ['urgent'] },
    );
    expect(found.queues.urgent).toEqual({ url: URL, deadLettersUrl: `${URL}-dead` });
    expect(() => awsEnvironment({ [url]: URL }, { queues: ['urgent'], deadLetters: ['urgent'] })).toThrow(
      'PLIMSOLL_QUEUE_URGENT_DEAD_LETTERS_URL',
    );
  });

  it('names everything that is missing or malformed in one sentence, and no value', () => {
    const variables = {
      PLIMSOLL_LAKE_BUCKET: ' ',
      PLIMSOLL_QUEUE_RISK_URL: 'secret-nonsense',
      PLIMSOLL_QUEUE_SIGNAL_URL: URL,
    };
    const read = () =>
      awsEnvironment(variables, { settings: ['ledgerTable', 'lakeBucket'], queues: ['risk', 'signal'] });
    expect(read).toThrow(
      expect.objectContaining({
        code: 'ENVIRONMENT_INCOMPLETE',
        sentence:
          'The environment lacks PLIMSOLL_LEDGER_TABLE, PLIMSOLL_LAKE_BUCKET, PLIMSOLL_QUEUE_RISK_URL, or what it holds there has the wrong form. Deploy the stack again, which sets them.',
      }),
    );
  });
});
