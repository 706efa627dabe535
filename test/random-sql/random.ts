/**
 * Repeatable chance for generators of tests: the same seed gives the same choices on every machine.
 */
export class Random {
  constructor(private state: number) {}

  /** An integer from 0 to `below` - 1. */
  next(below: number): number {
    // Mulberry32.
    this.state = (this.state + 0x6d2b79f5) | 0
    let t = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 4294967296) * below)
  }

  chance(percent: number): boolean {
    return this.next(100) < percent
  }

  pick<T>(list: readonly T[]): T {
    return list[this.next(list.length)] as T
  }

  /** `count` different elements, or all when there are fewer; in random order. */
  sample<T>(list: readonly T[], count: number): T[] {
    const rest = [...list]
    const chosen: T[] = []
    while (chosen.length < count && rest.length > 0) {
      chosen.push(...rest.splice(this.next(rest.length), 1))
    }
    return chosen
  }
}
