import { afterEach, expect, it, vi } from 'vitest';

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

it('an account’s metric is written at once, under the service and the name of the account', async () => {
  vi.stubEnv('POWERTOOLS_SERVICE_NAME', 'harbour-ingest');
  vi.stubEnv('POWERTOOLS_METRICS_NAMESPACE', 'Plimsoll');
  const written: string[] = [];
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => written.push(String(text)) > 0);
  const { countOf } = await import('../../../functions/support/observe.ts');
  countOf('paper', 'LimitsWaiting', 2);
  countOf('second', 'LimitsWaiting', 0);
  const metrics = written.map((line) => JSON.parse(line));
  expect(metrics).toMatchObject([
    { service: 'harbour-ingest', account: 'paper', LimitsWaiting: 2 },
    { service: 'harbour-ingest', account: 'second', LimitsWaiting: 0 },
  ]);
  for (const { _aws } of metrics)
    expect(_aws.CloudWatchMetrics).toEqual([
      {
        Namespace: 'Plimsoll',
        Dimensions: [['service', 'account']],
        Metrics: [{ Name: 'LimitsWaiting', Unit: 'Count' }],
      },
    ]);
});
