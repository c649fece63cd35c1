/** What `--on sagemaker` is given: what is left out is filled in, and what makes no sense is refused before AWS is asked anything. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isOnSageMaker, resourcesOf, type SageMakerArguments } from '../../bin/commands/models/sagemaker-arguments.ts';
import { Workplace } from '../cli/plimsoll.ts';

const ROLE = 'arn:aws:iam::123456789012:role/harbour-training-Job1A2B3C4D';
const IMAGE = '123456789012.dkr.ecr.eu-west-1.amazonaws.com/harbour-models:1';
const WHOLE: SageMakerArguments = { on: 'sagemaker', role: ROLE, image: IMAGE, bucket: 'harbour-training-models' };

const place = new Workplace();
beforeAll(() => {
  place.write(
    'outputs.json',
    JSON.stringify({
      'harbour-data': { LakeBucket: 'lake' },
      'harbour-training': { TrainingRole: ROLE, TrainingBucket: 'harbour-training-models' },
    }),
  );
  place.write('no-outputs.json', '[');
});
afterAll(() => place.remove());

const path = (name: string): string => `${place.directory}/${name}`;

describe('training on SageMaker', () => {
  test('is what --on says, and everything is as before without it', () => {
    expect(isOnSageMaker({ on: 'sagemaker' })).toBe(true);
    expect(isOnSageMaker({ usd: 3, usdPerHour: 1 })).toBe(false);
  });

  test('has defaults, and a role and a bucket from the outputs of the stack', () => {
    const expected = {
      role: ROLE,
      image: IMAGE,
      bucket: 'harbour-training-models',
      prefix: 'training/',
      instance: 'ml.m7i.xlarge',
      instances: 1,
      volumeGb: 30,
      maxMinutes: 60,
    };
    expect(resourcesOf(WHOLE)).toEqual(expected);
    expect(resourcesOf({ on: 'sagemaker', image: IMAGE, outputs: path('outputs.json') })).toEqual(expected);
    expect(resourcesOf({ ...WHOLE, spot: true, maxMinutes: 30, prefix: 'a/b' })).toMatchObject({
      prefix: 'a/b/',
      spot: { maxWaitMinutes: 60 },
    });
    expect(resourcesOf({ ...WHOLE, image: `${IMAGE.split(':')[0]}@sha256:${'a'.repeat(64)}` }).image).toContain(
      '@sha256:',
    );
  });

  test.each<[string, SageMakerArguments, RegExp]>([
    ['a place that is none', { on: 'mars' }, /no training on "mars"/],
    ['a role without --on', { role: ROLE }, /--role is of SageMaker, and this would run here/],
    ['instances without --on', { instances: 2 }, /--instances is of SageMaker/],
    ['a spot without --on', { spot: true }, /--spot is of SageMaker/],
    ['trials at a time without --on', { parallel: 2 }, /--parallel is of SageMaker/],
    ['minutes without --on', { maxMinutes: 5 }, /--max-minutes is of SageMaker/],
  ])('bad input: %s is refused', (_, given, sentence) => {
    expect(() => isOnSageMaker(given)).toThrow(sentence);
    expect(() => isOnSageMaker(given)).toThrow(expect.objectContaining({ code: 'USAGE' }));
  });

  const { role: _role, ...withoutRole } = WHOLE;
  const { image: _image, ...withoutImage } = WHOLE;
  const { bucket: _bucket, ...withoutBucket } = WHOLE;
  test.each<[string, SageMakerArguments, RegExp]>([
    ['no role', withoutRole, /--role is missing/],
    ['no image', withoutImage, /--image is missing/],
    ['no bucket', withoutBucket, /--bucket is missing/],
    ['a role that is a user', { ...WHOLE, role: 'arn:aws:iam::123456789012:user/me' }, /--role is "arn:aws:iam/],
    ['an image without a registry', { ...WHOLE, image: 'models' }, /--image is "models"/],
    ['a bucket in capitals', { ...WHOLE, bucket: 'Bucket' }, /--bucket is "Bucket"/],
    ['a prefix that leads elsewhere', { ...WHOLE, prefix: '../x' }, /--prefix is/],
    ['an instance that is none', { ...WHOLE, instance: 'm7i.xlarge' }, /--instance is "m7i.xlarge"/],
    ['no instances', { ...WHOLE, instances: 0 }, /--instances is 0/],
    ['too many instances', { ...WHOLE, instances: 21 }, /--instances is 21/],
    ['no time', { ...WHOLE, maxMinutes: 0 }, /--max-minutes is 0/],
    ['more time than there is', { ...WHOLE, maxMinutes: 50_000 }, /--max-minutes is 50000/],
    ['less time to wait than to run', { ...WHOLE, spot: true, maxWaitMinutes: 5 }, /less than --max-minutes/],
    ['no disk', { ...WHOLE, volumeGb: 0 }, /--volume-gb is 0/],
  ])('bad input: %s is refused', (_, given, sentence) => {
    expect(() => resourcesOf(given)).toThrow(sentence);
    expect(() => resourcesOf(given)).toThrow(expect.objectContaining({ code: 'USAGE' }));
  });

  test.each(['nowhere.json', 'no-outputs.json'])('bad input: outputs in %s are refused', (name) => {
    expect(() => resourcesOf({ ...WHOLE, outputs: path(name) })).toThrow(
      expect.objectContaining({ code: 'OUTPUTS_UNREADABLE' }),
    );
  });

  test('bad input: without a region the command says so, and it is wrong use to name none of what a job needs', async () => {
    const former = { ...process.env };
    for (const name of ['AWS_REGION', 'AWS_DEFAULT_REGION', 'AWS_PROFILE']) delete process.env[name];
    process.env.AWS_CONFIG_FILE = path('nowhere');
    try {
      const given = ['--table', 't', '--on', 'sagemaker', '--role', ROLE, '--image', IMAGE, '--bucket', 'of-a-test'];
      const lost = await place.run('models', 'train', 'gold', ...given);
      expect(lost).toMatchObject({ code: 1, err: expect.stringContaining('No AWS region is set') });
      const bare = await place.run('models', 'train', 'gold', '--table', 't', '--on', 'sagemaker');
      expect(bare).toMatchObject({ code: 2, err: expect.stringContaining('--role is missing') });
    } finally {
      process.env = former;
    }
  });
});
