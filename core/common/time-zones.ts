/**
 * Time zones by MySQL's names (manual 7.1.15 "MySQL Server Time Zone Support"): SYSTEM, offsets such as '+02:00', and
 * IANA names, whose rules come from the runtime's own time zone data. Asking that data costs microseconds, so the
 * offsets of a zone are kept year by year.
 */
import type { TimeZone } from './evaluation.js'
import { sqlError } from './sql-error.js'

const SECONDS_PER_DAY = 86400
const OFFSET_MIN_SECONDS = -(13 * 3600 + 59 * 60)
const OFFSET_MAX_SECONDS = 14 * 3600

class FixedZone implements TimeZone {
  constructor(
    readonly name: string,
    private readonly offsetSeconds: number,
  ) {}

  offsetSecondsAt(): number {
    return this.offsetSeconds
  }

  epochSecondsOf(localSeconds: number): number {
    return localSeconds - this.offsetSeconds
  }
}

/** A zone whose offset changes; `lookUp` asks the slow source. */
class RuledZone implements TimeZone {
  private readonly years = new Map<number, YearOfOffsets>()
  private lastYear: YearOfOffsets = { start: 0, end: 0, from: [], offsets: [] }

  constructor(
    readonly name: string,
    private readonly lookUp: (epochSeconds: number) => number,
  ) {}

  offsetSecondsAt(epochSeconds: number): number {
    const year = this.yearAt(epochSeconds)
    const { from, offsets } = year
    let i = from.length - 1
    while (i > 0 && epochSeconds < (from[i] as number)) i--
    return offsets[i] as number
  }

  /** Of the two instants of a repeated hour the earlier one; in a gap the instant of the change. */
  epochSecondsOf(localSeconds: number): number {
    const before = this.offsetSecondsAt(localSeconds - SECONDS_PER_DAY)
    const early = localSeconds - before
    if (this.offsetSecondsAt(early) === before) return early
    const after = this.offsetSecondsAt(localSeconds + SECONDS_PER_DAY)
    const late = localSeconds - after
    if (this.offsetSecondsAt(late) === after) return late
    return this.changeBetween(Math.min(early, late), Math.max(early, late))
  }

  private yearAt(epochSeconds: number): YearOfOffsets {
    const last = this.lastYear
    if (epochSeconds >= last.start && epochSeconds < last.end) return last
    const number = new Date(epochSeconds * 1000).getUTCFullYear()
    let year = this.years.get(number)
    if (year === undefined) {
      year = this.readYear(number)
      this.years.set(number, year)
    }
    this.lastYear = year
    return year
  }

  /** Looks at each week of a year and halves the weeks in which the offset changes. */
  private readYear(number: number): YearOfOffsets {
    const start = Date.UTC(number, 0, 1) / 1000
    const end = Date.UTC(number + 1, 0, 1) / 1000
    const from = [start]
    const offsets = [this.lookUp(start)]
    for (let at = start; at < end; at += 7 * SECONDS_PER_DAY) {
      const next = Math.min(at + 7 * SECONDS_PER_DAY, end - 1)
      const offset = this.lookUp(next)
      if (offset === offsets[offsets.length - 1]) continue
      from.push(this.changeBetween(at, next))
      offsets.push(offset)
    }
    return { start, end, from, offsets }
  }

  /** The first second after `low` with the offset of `high`. */
  private changeBetween(low: number, high: number): number {
    const target = this.lookUp(high)
    let before = low
    let after = high
    while (after - before > 1) {
      const middle = Math.floor((before + after) / 2)
      if (this.lookUp(middle) === target) after = middle
      else before = middle
    }
    return after
  }
}

/** The offsets of one UTC year [start, end): `offsets[i]` holds from second `from[i]` on. */
interface YearOfOffsets {
  readonly start: number
  readonly end: number
  readonly from: readonly number[]
  readonly offsets: readonly number[]
}

export const UTC_TIME_ZONE: TimeZone = new FixedZone('UTC', 0)

/** The years that a TIMESTAMP may be in, anywhere on earth, in seconds since 1970. */
const TIMESTAMPS_FROM = -SECONDS_PER_DAY
const TIMESTAMPS_TO = 2 ** 31 + SECONDS_PER_DAY
const utcZones = new WeakMap<TimeZone, boolean>()

/** Whether a TIMESTAMP shows the same in this zone as in UTC, whatever it is. */
export function isAlwaysUtc(zone: TimeZone): boolean {
  let isUtc = utcZones.get(zone)
  if (isUtc === undefined) {
    isUtc = true
    for (let at = TIMESTAMPS_FROM; isUtc && at < TIMESTAMPS_TO; at += 7 * SECONDS_PER_DAY) {
      isUtc = zone.offsetSecondsAt(at) === 0
    }
    utcZones.set(zone, isUtc)
  }
  return isUtc
}

/** The zone of the server's operating system (environment variable TZ). */
const SYSTEM_TIME_ZONE: TimeZone = new RuledZone('SYSTEM', (epochSeconds) => {
  return -Math.round(new Date(epochSeconds * 1000).getTimezoneOffset() * 60)
})

/** Fits the cache to names that clients made up: none of them is kept. */
const zones = new Map<string, TimeZone>()

/**
 * The zone called `name`, in any case; throws ER_UNKNOWN_TIME_ZONE. Instances are shared.
 */
export function timeZoneByName(name: string): TimeZone {
  const zone = findTimeZone(name)
  if (zone === undefined) throw sqlError('ER_UNKNOWN_TIME_ZONE', name)
  return zone
}

/** The zone called `name`, or undefined if there is none (CONVERT_TZ then answers NULL). */
export function findTimeZone(name: string): TimeZone | undefined {
  const key = name.toLowerCase()
  if (key === 'system') return SYSTEM_TIME_ZONE
  const cached = zones.get(key)
  if (cached !== undefined) return cached
  const zone = parseOffset(name) ?? namedZone(name)
  if (zone !== undefined) zones.set(key, zone)
  return zone
}

/** Seconds of '+hh:mm' from -13:59 to +14:00, or undefined. */
function parseOffsetSeconds(text: string): number | undefined {
  const match = /^([+-])(\d{1,2}):([0-5]\d)$/.exec(text)
  if (match === null) return undefined
  const magnitude = Number(match[2]) * 3600 + Number(match[3]) * 60
  const seconds = match[1] === '-' ? 0 - magnitude : magnitude
  return seconds >= OFFSET_MIN_SECONDS && seconds <= OFFSET_MAX_SECONDS ? seconds : undefined
}

function parseOffset(name: string): TimeZone | undefined {
  const seconds = parseOffsetSeconds(name)
  if (seconds === undefined) return undefined
  const minutes = Math.abs(seconds) / 60
  const hours = String(Math.floor(minutes / 60)).padStart(2, '0')
  return new FixedZone(`${name.slice(0, 1)}${hours}:${String(minutes % 60).padStart(2, '0')}`, seconds)
}

function namedZone(name: string): TimeZone | undefined {
  if (!/^[A-Za-z]/.test(name)) return undefined
  let format: Intl.DateTimeFormat
  try {
    format = new Intl.DateTimeFormat('en-US-u-ca-gregory', {
      timeZone: name,
      hourCycle: 'h23',
      era: 'short',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    })
  } catch {
    return undefined
  }
  return new RuledZone(name, (epochSeconds) => localSecondsOf(format, epochSeconds) - epochSeconds)
}

function localSecondsOf(format: Intl.DateTimeFormat, epochSeconds: number): number {
  const fields: Partial<Record<Intl.DateTimeFormatPartTypes, number>> = {}
  for (const part of format.formatToParts(epochSeconds * 1000)) fields[part.type] = Number(part.value)
  const { year = 1970, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = fields
  return Date.UTC(year, month - 1, day, hour, minute, second) / 1000
}
