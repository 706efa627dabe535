/**
 * Slows down guessing: after some failed logins in a row from one host each further attempt waits longer before it is
 * looked at, right or wrong (what MySQL's connection_control plugin does, manual 8.4.2).
 */
export interface LoginThrottleOptions {
  /** Failures in a row that cost nothing. */
  readonly freeFailures: number
  /** Added for each failure beyond. */
  readonly delayStepMs: number
  readonly delayMaxMs: number
  /** A host without failures for so long starts anew. */
  readonly forgetAfterMs: number
}

const DEFAULTS: LoginThrottleOptions = {
  freeFailures: 5,
  delayStepMs: 200,
  delayMaxMs: 5000,
  forgetAfterMs: 10 * 60_000,
}
/** Hosts remembered at most; beyond that the one that failed longest ago is forgotten. */
const HOSTS_MAX = 10_000

interface Failures {
  readonly count: number
  readonly lastAtMs: number
}

export class LoginThrottle {
  private readonly options: LoginThrottleOptions
  /** In the order of their last failure. */
  private readonly hosts = new Map<string, Failures>()

  constructor(
    options: Partial<LoginThrottleOptions> = {},
    private readonly nowMs: () => number = () => performance.now(),
  ) {
    this.options = { ...DEFAULTS, ...options }
  }

  /** Milliseconds that an attempt from `host` has to wait now. */
  delayMs(host: string): number {
    const beyond = this.failuresOf(host) - this.options.freeFailures
    return beyond <= 0 ? 0 : Math.min(beyond * this.options.delayStepMs, this.options.delayMaxMs)
  }

  failed(host: string): void {
    const count = this.failuresOf(host) + 1
    this.hosts.delete(host)
    if (this.hosts.size >= HOSTS_MAX) {
      const [oldest] = this.hosts.keys()
      if (oldest !== undefined) this.hosts.delete(oldest)
    }
    this.hosts.set(host, { count, lastAtMs: this.nowMs() })
  }

  succeeded(host: string): void {
    this.hosts.delete(host)
  }

  private failuresOf(host: string): number {
    const failures = this.hosts.get(host)
    if (failures === undefined) return 0
    return this.nowMs() - failures.lastAtMs > this.options.forgetAfterMs ? 0 : failures.count
  }
}
