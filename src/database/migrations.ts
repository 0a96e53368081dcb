import { ConfigHistory1700000000001 } from './migrations/1700000000001-config-history.js';
import { FileLooks1700000000002 } from './migrations/1700000000002-file-looks.js';
import { AlwaysOn1700000000004 } from './migrations/1700000000004-always-on.js';
import { ApiSources1700000000005 } from './migrations/1700000000005-api-sources.js';
import { Plans1700000000006 } from './migrations/1700000000006-plans.js';
import { Transforms1700000000007 } from './migrations/1700000000007-transforms.js';
import { Runs1700000000003 } from './migrations/1700000000003-runs.js';

/** All migrations of the service's own tables. A new one adds its file and its line here. */
export const migrations = [
  ConfigHistory1700000000001,
  FileLooks1700000000002,
  Runs1700000000003,
  AlwaysOn1700000000004,
  ApiSources1700000000005,
  Plans1700000000006,
  Transforms1700000000007,
];
