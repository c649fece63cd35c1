/** An endpoint, a function that may ask it, and one that may not. */
import { App, CfnOutput, Duration, Stack } from 'aws-cdk-lib';
import { ENDPOINTS_VARIABLE, endpointsText } from '../../../../adapters/aws/model-endpoints.ts';
import { ModelEndpoint, type ModelVariantProps } from '../../../../lib/constructs/model-endpoint.ts';
import { PlimsollFunction } from '../../../../lib/constructs/node-function.ts';

const { SAMPLE_ARCHIVE: modelData = '', SAMPLE_VERSIONS: versions = '' } = process.env;
const stack = new Stack(new App(), 'Endpoints');
const variant = (name: string): ModelVariantProps => ({
  name,
  modelData,
  image: '123456789012.dkr.ecr.us-east-1.amazonaws.com/plimsoll-models:1',
  hosting: { instances: { type: 'ml.c7i.large', count: 1 } },
});
const endpoint = new ModelEndpoint(stack, 'Gold', {
  endpointName: 'sample-gold',
  variants: [variant('champion'), variant('trial')],
});
const [champion, trial] = versions.split(',');
const endpoints = {
  gold: { endpoint: endpoint.endpointName, variants: { [champion]: 'champion', [trial]: 'trial' } },
  absent: { endpoint: 'nobody-made-it' },
};
for (const name of ['Ask', 'AskUngranted']) {
  const ask = new PlimsollFunction(stack, name, {
    entry: 'test/cloud/harness/sample/ask.ts',
    memoryMb: 1_024,
    timeout: Duration.seconds(30),
    environment: { [ENDPOINTS_VARIABLE]: endpointsText(endpoints) },
  });
  if (name === 'Ask') endpoint.grantInvoke(ask);
  new CfnOutput(stack, `${name}Function`, { value: ask.functionName });
}
