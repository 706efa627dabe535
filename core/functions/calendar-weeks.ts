/**
 * Numbers of weeks (MySQL manual 14.7, WEEK): mode bits say whether weeks start on Monday, whether numbers run from 0
 * to 53 or from 1 to 53, and whether week 1 is the first with four days or the first that is whole.
 */
import { dayNumber, daysInYear, weekdayOf, type TemporalFields } from '../common/temporal.js'

const MONDAY_FIRST = 1
const FROM_ONE = 2
const FIRST_WHOLE_WEEK = 4

export interface Week {
  readonly year: number
  readonly week: number
}

/** The behaviour bits of a mode 0–7: with Monday first, "four days" and "whole week" change their meaning. */
function behaviourOf(mode: number): number {
  const bits = mode & 7
  return (bits & MONDAY_FIRST) === 0 ? bits ^ FIRST_WHOLE_WEEK : bits
}

/** Days from the first day of the week to the weekday of day number `days`. */
function weekdayFrom(days: number, sundayFirst: boolean): number {
  return sundayFirst ? (weekdayOf(days) + 1) % 7 : weekdayOf(days)
}

/** The week of a date; the year is that of the week, which may differ from the date's around New Year. */
export function weekOf(fields: TemporalFields, mode: number): Week {
  const behaviour = behaviourOf(mode)
  const sundayFirst = (behaviour & MONDAY_FIRST) === 0
  const wholeWeek = (behaviour & FIRST_WHOLE_WEEK) !== 0
  let { year } = fields
  let fromOne = (behaviour & FROM_ONE) !== 0
  const days = dayNumber(fields.year, fields.month, fields.day)
  let firstDay = dayNumber(year, 1, 1)
  let weekday = weekdayFrom(firstDay, sundayFirst)

  if (fields.month === 1 && fields.day <= 7 - weekday) {
    if (!fromOne && startsInLastYear(weekday, wholeWeek)) return { year, week: 0 }
    if (startsInLastYear(weekday, wholeWeek)) {
      fromOne = true
      year--
      const length = daysInYear(year)
      firstDay -= length
      weekday = (weekday + 53 * 7 - length) % 7
    }
  }

  const offset = startsInLastYear(weekday, wholeWeek)
    ? days - (firstDay + (7 - weekday))
    : days - (firstDay - weekday)
  if (fromOne && offset >= 52 * 7) {
    const nextWeekday = (weekday + daysInYear(year)) % 7
    if (!startsInLastYear(nextWeekday, wholeWeek)) return { year: year + 1, week: 1 }
  }
  return { year, week: Math.floor(offset / 7) + 1 }
}

/** Whether the week that holds January 1st belongs to the year before. */
function startsInLastYear(weekday: number, wholeWeek: boolean): boolean {
  return wholeWeek ? weekday !== 0 : weekday >= 4
}
