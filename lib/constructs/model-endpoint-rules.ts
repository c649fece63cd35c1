/** What AWS refuses of an endpoint only once it is deployed, or after minutes of starting: refused when the app is synthesised. */
import { existsSync } from 'node:fs';
import { PlimsollError } from '../../core/errors.ts';
import type { ModelEndpointProps, ModelVariantProps } from './model-endpoint.ts';

/** Of an endpoint and of a variant: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateEndpoint.html. Small letters, so that its ARN has the same. */
const NAME = /^[a-z0-9](?:-?[a-z0-9]){0,62}$/;
const INSTANCE_TYPE = /^ml\.[a-z0-9-]+\.[a-z0-9]+$/;
const IMAGE =
  /^(?<account>\d{12})\.dkr\.ecr\.(?<region>[a-z0-9-]+)\.amazonaws\.com(?:\.cn)?\/(?<repository>[a-z0-9._/-]+)(?::[\w.-]+|@sha256:[0-9a-f]{64})$/;
const MOST_VARIANTS = 10;
/** https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ProductionVariantServerlessConfig.html */
const SERVERLESS_MEMORY_MB = [1_024, 2_048, 3_072, 4_096, 5_120, 6_144];
const MOST_SERVERLESS_CONCURRENCY = 200;
const MOST_ASYNCHRONOUS_INVOCATIONS = 1_000;

/** Where an image lies in ECR. */
export interface ImageAddress {
  readonly account: string;
  readonly region: string;
  readonly repository: string;
}

/** Throws `MODEL_IMAGE_INVALID`. */
export function imageAddress(image: string): ImageAddress {
  const groups = IMAGE.exec(image)?.groups;
  if (groups) return { account: groups.account, region: groups.region, repository: groups.repository };
  throw new PlimsollError(
    'MODEL_IMAGE_INVALID',
    `"${image.slice(0, 200)}" is no image in ECR`,
    'write it as ACCOUNT.dkr.ecr.REGION.amazonaws.com/REPOSITORY:TAG, after pushing the one of models/Dockerfile there',
  );
}

/** Throws `MODEL_ENDPOINT_INVALID` with what is wrong first, or `MODEL_IMAGE_INVALID`. */
export function assertEndpoint(props: ModelEndpointProps): void {
  const { endpointName, variants, shadow } = props;
  const refuse: Refusing = (is, what, remedy) => {
    if (!is) return;
    throw new PlimsollError('MODEL_ENDPOINT_INVALID', `the endpoint "${endpointName}" ${what}`, remedy);
  };
  const named = 'use 1 to 63 small letters, digits and single dashes between them';
  refuse(!NAME.test(endpointName), 'has a name that SageMaker does not take', named);
  refuse(variants.length === 0, 'has no variant', 'give it one');
  refuse(
    variants.length > MOST_VARIANTS,
    `has ${variants.length} variants, and SageMaker takes ${MOST_VARIANTS}`,
    'drop some',
  );
  const all = shadow ? [...variants, shadow] : variants;
  for (const variant of all) assertVariant(variant, refuse);
  const names = all.map(({ name }) => name);
  const double = names.find((name, k) => names.indexOf(name) !== k);
  refuse(double !== undefined, `has two variants called "${double}"`, 'name them apart');
  const weights = variants.map(({ weight = 1 }) => weight);
  refuse(!weights.some((weight) => weight > 0), 'gives no variant any weight', 'give one a weight above 0');
  assertServerless(props, refuse);
  assertShadow(props, refuse);
  assertAsynchronous(props, refuse);
  const captured = props.dataCapture?.percentage;
  const isShare = captured === undefined || (Number.isInteger(captured) && captured >= 1 && captured <= 100);
  refuse(!isShare, `captures ${captured} % of its questions`, 'capture 1 to 100, a whole number');
}

type Refusing = (is: boolean, what: string, remedy: string) => void;

function assertVariant({ name, weight = 1, modelData, image, hosting }: ModelVariantProps, refuse: Refusing): void {
  refuse(!NAME.test(name), `has a variant called "${name}"`, 'use 1 to 63 small letters, digits and single dashes');
  const variant = `has a variant "${name}" `;
  refuse(!(Number.isFinite(weight) && weight >= 0), `${variant}of the weight ${weight}`, 'give it 0 or more');
  refuse(
    !modelData.endsWith('.tar.gz'),
    `${variant}whose model is no .tar.gz`,
    'pack it as adapters/models/model-archive.ts does',
  );
  refuse(!existsSync(modelData), `${variant}whose model is not there (${modelData})`, 'name the archive of a version');
  imageAddress(image);
  if ('instances' in hosting) {
    const { type, count } = hosting.instances;
    refuse(
      !INSTANCE_TYPE.test(type),
      `${variant}on "${type}"`,
      'name an instance type of SageMaker, such as ml.c7i.large',
    );
    refuse(!isWhole(count, 1), `${variant}on ${count} instances`, 'give it a whole number of 1 or more');
    return;
  }
  const { memoryMb, maxConcurrency, provisionedConcurrency: kept } = hosting.serverless;
  const sizes = `${SERVERLESS_MEMORY_MB.slice(0, -1).join(', ')} or ${SERVERLESS_MEMORY_MB.at(-1)}`;
  refuse(!SERVERLESS_MEMORY_MB.includes(memoryMb), `${variant}of ${memoryMb} MB`, `give it ${sizes}`);
  refuse(
    !isWhole(maxConcurrency, 1, MOST_SERVERLESS_CONCURRENCY),
    `${variant}for ${maxConcurrency} questions at a time`,
    `let it take 1 to ${MOST_SERVERLESS_CONCURRENCY}`,
  );
  refuse(
    kept !== undefined && !isWhole(kept, 1, maxConcurrency),
    `${variant}that keeps ${kept} places ready of ${maxConcurrency}`,
    'keep 1 or more, and no more than it takes at a time',
  );
}

const isWhole = (value: number, least: number, most = Number.MAX_SAFE_INTEGER): boolean =>
  Number.isInteger(value) && value >= least && value <= most;

/** https://docs.aws.amazon.com/sagemaker/latest/dg/serverless-endpoints.html, feature exclusions. */
function assertServerless({ variants, asynchronous, dataCapture, shadow }: ModelEndpointProps, refuse: Refusing): void {
  if (!variants.some(isServerless)) return;
  refuse(variants.length > 1, 'is serverless and has several variants', 'give it one variant, or instances');
  refuse(asynchronous !== undefined, 'is serverless and asynchronous', 'give it instances, or ask it in real time');
  refuse(shadow !== undefined, 'is serverless and has a shadow', 'give it instances, or no shadow');
  refuse(dataCapture !== undefined, 'is serverless and captures data', 'give it instances, or capture nothing');
}

/** https://docs.aws.amazon.com/sagemaker/latest/dg/shadow-tests-exclusions.html, and API_CreateEndpointConfig. */
function assertShadow({ variants, asynchronous, shadow }: ModelEndpointProps, refuse: Refusing): void {
  if (shadow === undefined) return;
  refuse(isServerless(shadow), 'has a shadow that is serverless', 'give it instances');
  refuse(variants.length > 1, 'has a shadow beside several variants', 'shadow one variant');
  refuse(asynchronous !== undefined, 'is asynchronous and has a shadow', 'ask it in real time, or drop the shadow');
}

/** One variant with instances: aws/aws-cdk-rfcs, RFC 431, from the author of the constructs of AWS. */
function assertAsynchronous({ variants, asynchronous }: ModelEndpointProps, refuse: Refusing): void {
  if (asynchronous === undefined) return;
  refuse(variants.length > 1, 'is asynchronous and has several variants', 'give it one');
  refuse(
    !isWhole(asynchronous.maxInvocationsPerInstance, 1, MOST_ASYNCHRONOUS_INVOCATIONS),
    `gives an instance ${asynchronous.maxInvocationsPerInstance} questions at a time`,
    `give it 1 to ${MOST_ASYNCHRONOUS_INVOCATIONS}`,
  );
}

export const isServerless = ({ hosting }: ModelVariantProps): boolean => 'serverless' in hosting;
