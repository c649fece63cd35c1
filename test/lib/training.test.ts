/** The stack for training on SageMaker: only where it is asked for, and with no more rights than a job needs. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, Validations } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { AwsSolutionsChecks } from 'cdk-nag';
import { afterAll, describe, expect, it } from 'vitest';
import { TrainingStack } from '../../lib/stacks/training.ts';

const folder = mkdtempSync(join(tmpdir(), 'plimsoll-training-stack-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** As lib/app.ts adds it. */
function stackOf(ephemeral: boolean): { app: App; template: Template } {
  const app = new App({ outdir: join(folder, String(ephemeral)) });
  const stack = new TrainingStack(app, 'harbour-training', { name: 'harbour', ephemeral });
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  return { app, template: Template.fromStack(stack) };
}

describe('the training stack', () => {
  const { app, template } = stackOf(false);

  it('breaks none of the AWS Solutions rules', () => {
    expect(() => app.synth()).not.toThrow();
    expect(process.exitCode ?? 0).toBe(0);
  });

  it('gives SageMaker alone, for this account alone, the role', () => {
    template.hasResourceProperties('AWS::IAM::Role', {
      AssumeRolePolicyDocument: {
        Statement: [
          {
            Action: 'sts:AssumeRole',
            Effect: 'Allow',
            Principal: { Service: 'sagemaker.amazonaws.com' },
            Condition: { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } },
          },
        ],
        Version: Match.anyValue(),
      },
    });
  });

  it('lets a job read tables and checkpoints, write checkpoints and its output, and delete nothing', () => {
    const statements = Object.values(template.findResources('AWS::IAM::Policy')).flatMap(
      ({ Properties }) => Properties.PolicyDocument.Statement as { Action: string | string[]; Resource: unknown }[],
    );
    const onS3 = statements.filter(({ Action }) => [Action].flat().some((action) => action.startsWith('s3:')));
    const below = ({ Resource }: { Resource: unknown }): string[] =>
      [...JSON.stringify(Resource).matchAll(/training\/(\w+)\/\*/g)].map(([, name]) => name);
    expect(onS3.map((statement) => [statement.Action, below(statement)])).toEqual([
      ['s3:GetObject', ['tables', 'checkpoints']],
      ['s3:PutObject', ['checkpoints', 'output']],
      ['s3:ListBucket', []],
    ]);
    const everywhere = statements.filter(({ Resource }) => Resource === '*');
    expect(everywhere.map(({ Action }) => Action)).toEqual(['ecr:GetAuthorizationToken', 'cloudwatch:PutMetricData']);
    expect(statements.flatMap(({ Action }) => [Action].flat()).filter((action) => action.includes('*'))).toEqual([]);
  });

  it('keeps tables and models closed to the public, and checkpoints for a month', () => {
    template.hasResourceProperties('AWS::S3::Bucket', {
      PublicAccessBlockConfiguration: { BlockPublicAcls: true, RestrictPublicBuckets: true },
      LifecycleConfiguration: {
        Rules: Match.arrayWith([Match.objectLike({ Prefix: 'training/checkpoints/', ExpirationInDays: 30 })]),
      },
    });
    template.hasResource('AWS::S3::Bucket', { DeletionPolicy: 'Retain' });
    stackOf(true).template.hasResource('AWS::S3::Bucket', { DeletionPolicy: 'Delete' });
  });

  it('keeps what an image is called from meaning another one', () => {
    template.hasResourceProperties('AWS::ECR::Repository', {
      RepositoryName: 'harbour-models',
      ImageTagMutability: 'IMMUTABLE',
    });
  });

  it('says what `models train --outputs` reads', () => {
    expect(Object.keys(template.findOutputs('*')).sort()).toEqual(['TrainingBucket', 'TrainingImages', 'TrainingRole']);
  });
});
