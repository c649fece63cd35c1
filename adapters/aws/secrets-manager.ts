import {
  CreateSecretCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
  paginateListSecrets,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { PlimsollError } from '../../core/errors.ts';
import { type SecretsPort, SecretValue } from '../../core/ports/secrets.ts';
import { awsError, awsFailure } from './aws-errors.ts';

export interface SecretsManagerOptions {
  /** What the names of this instance's secrets begin with, as `plimsoll/default/`. References do not show it. */
  readonly prefix: string;
}

/** Secrets of one instance in AWS Secrets Manager, each under `prefix` and its reference. */
export class SecretsManagerSecrets implements SecretsPort {
  readonly #client: SecretsManagerClient;
  readonly #prefix: string;

  constructor(client: SecretsManagerClient, { prefix }: SecretsManagerOptions) {
    this.#client = client;
    this.#prefix = prefix;
  }

  async get(reference: string): Promise<SecretValue> {
    try {
      const { SecretString } = await this.#client.send(
        new GetSecretValueCommand({ SecretId: this.#prefix + reference }),
      );
      if (SecretString !== undefined) return new SecretValue(SecretString);
    } catch (error) {
      if (!ABSENT.has(awsFailure(error).name)) throw awsError(`read the secret ${reference}`, error);
    }
    throw new PlimsollError(
      'SECRET_UNKNOWN',
      `there is no secret ${reference}`,
      'put it there, or correct the reference',
    );
  }

  async put(reference: string, value: string): Promise<void> {
    try {
      if (!(await this.#replace(reference, value)) && !(await this.#create(reference, value))) {
        await this.#client.send(new PutSecretValueCommand({ SecretId: this.#prefix + reference, SecretString: value }));
      }
    } catch (error) {
      throw awsError(`write the secret ${reference}`, error);
    }
  }

  async list(): Promise<string[]> {
    const names: string[] = [];
    try {
      const filter = { Filters: [{ Key: 'name' as const, Values: [this.#prefix] }] };
      for await (const { SecretList = [] } of paginateListSecrets({ client: this.#client, pageSize: 100 }, filter)) {
        names.push(...SecretList.map(({ Name }) => Name!));
      }
    } catch (error) {
      throw awsError('list the secrets', error);
    }
    const own = names.filter((name) => name.startsWith(this.#prefix));
    return own.map((name) => name.slice(this.#prefix.length)).sort();
  }

  async #replace(reference: string, value: string): Promise<boolean> {
    try {
      await this.#client.send(new PutSecretValueCommand({ SecretId: this.#prefix + reference, SecretString: value }));
      return true;
    } catch (error) {
      if (awsFailure(error).name === 'ResourceNotFoundException') return false;
      throw error;
    }
  }

  /** False where somebody else created it in between. */
  async #create(reference: string, value: string): Promise<boolean> {
    try {
      await this.#client.send(new CreateSecretCommand({ Name: this.#prefix + reference, SecretString: value }));
      return true;
    } catch (error) {
      if (awsFailure(error).name === 'ResourceExistsException') return false;
      throw error;
    }
  }
}

/** A secret that is scheduled for deletion answers with the second. */
const ABSENT = new Set(['ResourceNotFoundException', 'InvalidRequestException']);
