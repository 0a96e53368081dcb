import { parseDocument } from 'yaml';

/** The config with the same schema for its tables, but in the service's own database; any other text as it is. */
export function moveTarget(yaml: string): string {
  const document = parseDocument(yaml);
  if (document.errors.length > 0 || !document.hasIn(['target', 'host'])) return yaml;
  const schema = document.getIn(['target', 'schema']) ?? 'public';
  document.set('target', { schema });
  return document.toString();
}
