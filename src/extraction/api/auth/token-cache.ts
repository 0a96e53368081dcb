import { TerminalError } from '../../../errors.js';

/** A token that was got or made. */
export interface IssuedToken {
  token: string;
  /** From the moment it was asked for; null: until it is refused. */
  lifetimeMs: number | null;
}

interface HeldToken {
  token: string;
  issuedAt: number;
  /** When another one should be asked for. */
  staleAt: number;
  /** It came in the place of one that the API refused. */
  isReplacement: boolean;
}

/** A token is replaced this long before it ends, or a tenth of a short life. */
const MARGIN_MS = 30_000;
/** So long a refusal stands: a wrong password stays wrong, and asking again and again locks accounts. */
const REFUSAL_MS = 10_000;
/** A replacement that is refused so soon shows that the token is not what the API minds. */
const TRIAL_MS = 10_000;

/** Holds one token until shortly before it ends; many who ask at the same time cause one request for it. */
export class TokenCache {
  private held: HeldToken | null = null;
  private coming: Promise<string> | null = null;
  private isReplacing = false;
  private failure: { error: TerminalError; at: number } | null = null;

  constructor(
    private readonly issue: () => Promise<IssuedToken>,
    private readonly now: () => number,
  ) {}

  /** Throws what `issue` throws; a TerminalError for some seconds without asking again. */
  async get(): Promise<string> {
    if (this.failure && this.now() - this.failure.at < REFUSAL_MS) throw this.failure.error;
    if (this.held && this.now() < this.held.staleAt) return this.held.token;
    this.coming ??= this.fetch().finally(() => (this.coming = null));
    return this.coming;
  }

  /**
   * Takes notice that the API refused a token.
   * @returns whether another one can be had
   */
  refuse(token: string): boolean {
    const { held } = this;
    if (held?.token !== token) return true;
    const now = this.now();
    // One whose own life is over by now may have ended on the way.
    if (held.isReplacement && now - held.issuedAt < TRIAL_MS && now < held.staleAt) return false;
    this.held = null;
    this.isReplacing = true;
    return true;
  }

  private async fetch(): Promise<string> {
    const issuedAt = this.now();
    try {
      const { token, lifetimeMs } = await this.issue();
      const staleAt =
        lifetimeMs === null ? Infinity : issuedAt + lifetimeMs - Math.min(MARGIN_MS, lifetimeMs / 10);
      this.held = { token, issuedAt, staleAt, isReplacement: this.isReplacing };
      this.isReplacing = false;
      return token;
    } catch (error) {
      if (error instanceof TerminalError) this.failure = { error, at: this.now() };
      throw error;
    }
  }
}
