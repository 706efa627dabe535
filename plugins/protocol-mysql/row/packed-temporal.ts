/**
 * Takes packed temporal values apart for the encoders. The one instance of the parts is reused: read it before the
 * next call. TIMESTAMP values arrive in the session's local time already, so they are printed as they are.
 */
import type { ExactValue } from '@switchyard/core/spi'

const SECONDS_PER_DAY = 86_400
const TWO_POW_32 = 0x1_0000_0000
const UNITS: readonly number[] = [1, 10, 100, 1000, 10_000, 100_000, 1_000_000]

export interface TemporalParts {
  isNegative: boolean
  year: number
  month: number
  day: number
  /** Beyond 23 in a TIME. */
  hour: number
  minute: number
  second: number
  /** In units of the value's own scale. */
  fraction: number
}

const parts: TemporalParts = {
  isNegative: false,
  year: 0,
  month: 0,
  day: 0,
  hour: 0,
  minute: 0,
  second: 0,
  fraction: 0,
}

const wide = new BigUint64Array(1)
const words = new Uint32Array(wide.buffer)
/** Whether the low word of a 64-bit integer comes first, as on all common machines. */
const LOW_WORD = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1 ? 0 : 1

/** (year * 16 + month) * 32 + day. */
export function takeDate(value: number): TemporalParts {
  parts.day = value & 31
  parts.month = (value >> 5) & 15
  parts.year = value >> 9
  return parts
}

/** Signed units of 10^-scale seconds. */
export function takeTime(value: number, scale: number): TemporalParts {
  parts.isNegative = value < 0
  const magnitude = Math.abs(value)
  const unit = UNITS[scale] as number
  const seconds = Math.floor(magnitude / unit)
  parts.fraction = magnitude - seconds * unit
  setTimeOfDay(seconds)
  return parts
}

/** (((year * 13 + month) * 32 + day) * 86400 + second of the day) * 10^scale + fraction. */
export function takeDatetime(value: ExactValue, scale: number): TemporalParts {
  const unit = UNITS[scale] as number
  let seconds: number
  if (typeof value === 'number') {
    seconds = scale === 0 ? value : Math.floor(value / unit)
    parts.fraction = value - seconds * unit
  } else {
    // Divides a 64-bit integer by its halves; products stay below 2^53 because the high word is below 2^27.
    wide[0] = value
    const high = words[1 - LOW_WORD] as number
    const low = words[LOW_WORD] as number
    const rest = high * (TWO_POW_32 % unit) + low
    const restSeconds = Math.floor(rest / unit)
    seconds = high * Math.floor(TWO_POW_32 / unit) + restSeconds
    parts.fraction = rest - restSeconds * unit
  }
  const days = Math.floor(seconds / SECONDS_PER_DAY)
  setTimeOfDay(seconds - days * SECONDS_PER_DAY)
  const months = days >> 5
  parts.day = days & 31
  parts.year = (months / 13) | 0
  parts.month = months - parts.year * 13
  return parts
}

function setTimeOfDay(seconds: number): void {
  const minutes = (seconds / 60) | 0
  parts.second = seconds - minutes * 60
  parts.hour = (minutes / 60) | 0
  parts.minute = minutes - parts.hour * 60
}

/** The fraction of a second in microseconds. */
export function microseconds(fraction: number, scale: number): number {
  return fraction * (UNITS[6 - scale] as number)
}
