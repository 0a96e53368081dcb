import type { PipelineConfig } from './pipeline-config.js';
import { readYaml, type YamlPlace } from './read-yaml.js';

/** Stands in answers where a literal secret stands in the config. */
const MASK = '***';

/** The keys of `target` that hold a secret. */
const SECRET_PATHS: readonly (readonly string[])[] = [['target', 'password']];

/** A copy of a config whose literal password is masked. A password that is one variable is no secret and stays. */
export function maskConfig(config: PipelineConfig): PipelineConfig {
  if (config.target?.password === undefined) return config;
  return { ...config, target: { ...config.target, password: maskText(config.target.password) } };
}

function maskText(secret: string): string {
  return /^\$\{[A-Za-z_][A-Za-z0-9_]*\}$/.test(secret) ? secret : MASK;
}

/** A YAML text and what it holds, with literal secrets masked in both; the rest of the text stays as it is. */
export function maskYaml(text: string): { text: string; value: unknown } {
  const { value, place } = readYaml(text);
  let masked = text;
  for (const path of SECRET_PATHS) {
    const secret = secretAt(value, place, path);
    if (!secret) continue;
    secret.owner[secret.key] = MASK;
    masked = masked.slice(0, secret.range[0]) + MASK + masked.slice(secret.range[1]);
  }
  return { text: masked, value };
}

interface Secret {
  owner: Record<string, unknown>;
  key: string;
  range: [number, number];
}

function secretAt(value: unknown, place: YamlPlace, path: readonly string[]): Secret | null {
  const [key, ...rest] = path;
  const inner = key === undefined ? undefined : place.inside.get(key);
  if (key === undefined || !inner || typeof value !== 'object' || value === null) return null;
  const owner = value as Record<string, unknown>;
  if (rest.length > 0) return secretAt(owner[key], inner, rest);
  const text = owner[key];
  return typeof text === 'string' && maskText(text) === MASK ? { owner, key, range: inner.range } : null;
}
