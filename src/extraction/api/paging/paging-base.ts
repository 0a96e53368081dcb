import type { ApiSourceConfig } from '../../../config-history/api-source-config.js';

/** What paginators need to know of their source. */
export type PagingBase = Pick<ApiSourceConfig, 'url' | 'method' | 'origins' | 'records' | 'auth'>;
