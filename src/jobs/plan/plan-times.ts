/** How long a plan may take. */
export const LONGEST_MS = 60 * 60_000;
/** How long a plan is kept, and can be triggered. */
export const KEPT_MS = 24 * 60 * 60_000;
export const SIGN_OF_LIFE_MS = 5_000;
/** A plan without a sign of life for so long is not worked on any more. */
export const LOST_MS = 60_000;
/** How long a request waits for its plan; proxies commonly end one after 60 s. */
export const PATIENCE_MS = 30_000;
