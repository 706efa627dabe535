/**
 * What lc_time_names and FORMAT's third argument choose (MySQL manual 12.16 "MySQL Server Locale Support"): names of
 * days and months, and how numbers are grouped. English is built in; names in other languages come from the runtime's
 * locale data.
 */

const DAYS = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday']
const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
]

interface Names {
  readonly days: readonly string[]
  readonly shortDays: readonly string[]
  readonly months: readonly string[]
  readonly shortMonths: readonly string[]
}

const ENGLISH: Names = {
  days: DAYS,
  shortDays: DAYS.map((name) => name.slice(0, 3)),
  months: MONTHS,
  shortMonths: MONTHS.map((name) => name.slice(0, 3)),
}

const names = new Map<string, Names>()

function namesOf(locale: string): Names {
  if (locale.startsWith('en_') || numberStyle(locale) === undefined) return ENGLISH
  let found = names.get(locale)
  if (found === undefined) {
    found = readNames(locale)
    names.set(locale, found)
  }
  return found
}

/** Names from the runtime; MySQL writes abbreviations without a final full stop. */
function readNames(locale: string): Names {
  const language = locale.replace('_', '-')
  const list = (options: Intl.DateTimeFormatOptions, dates: readonly Date[]): string[] => {
    const format = new Intl.DateTimeFormat(`${language}-u-ca-gregory`, { ...options, timeZone: 'UTC' })
    return dates.map((date) => format.format(date).replace(/\.$/, ''))
  }
  // 2024-01-01 was a Monday.
  const days = DAYS.map((_, index) => new Date(Date.UTC(2024, 0, 1 + index)))
  const months = MONTHS.map((_, index) => new Date(Date.UTC(2024, index, 1)))
  return {
    days: list({ weekday: 'long' }, days),
    shortDays: list({ weekday: 'short' }, days),
    months: list({ month: 'long' }, months),
    shortMonths: list({ month: 'short' }, months),
  }
}

function nameAt(list: readonly string[], index: number): string {
  return list[index] ?? ''
}

/** `weekday` is 0 for Monday. */
export function dayName(weekday: number, locale: string): string {
  return nameAt(namesOf(locale).days, weekday)
}

export function shortDayName(weekday: number, locale: string): string {
  return nameAt(namesOf(locale).shortDays, weekday)
}

/** `month` is 1 for January. */
export function monthName(month: number, locale: string): string {
  return nameAt(namesOf(locale).months, month - 1)
}

export function shortMonthName(month: number, locale: string): string {
  return nameAt(namesOf(locale).shortMonths, month - 1)
}

/** How FORMAT writes numbers. */
export interface NumberStyle {
  readonly point: string
  /** Stands between groups of digits; empty for none. */
  readonly separator: string
  /** Digits of the first group left of the point, and of the others. */
  readonly groups: readonly [number, number]
}

function style(point: string, separator: string, locales: string, others = 3): [string, NumberStyle][] {
  return locales.split(' ').map((locale) => [locale, { point, separator, groups: [3, others] }])
}

export const ENGLISH_STYLE: NumberStyle = { point: '.', separator: ',', groups: [3, 3] }

/** Locales that write numbers otherwise than English. */
const STYLES: ReadonlyMap<string, NumberStyle> = new Map([
  ...style(',', "'", 'it_CH rm_CH'),
  ...style('.', "'", 'de_CH'),
  ...style(
    ',',
    '.',
    'be_BY da_DK de_BE de_DE de_LU es_AR es_BO es_CL es_CO es_EC es_ES es_PY es_UY es_VE fo_FO hu_HU id_ID is_IS ' +
      'lt_LT mn_MN nb_NO no_NO ro_RO ru_UA sq_AL tr_TR uk_UA vi_VN',
  ),
  ...style(',', ' ', 'cs_CZ es_CR et_EE fi_FI lv_LV mk_MK ru_RU sk_SK sv_FI sv_SE'),
  ...style(
    ',',
    '',
    'bg_BG ca_ES de_AT el_GR eu_ES fr_BE fr_CA fr_CH fr_FR fr_LU gl_ES hr_HR it_IT nl_BE nl_NL pl_PL pt_BR pt_PT sl_SI',
  ),
  ...style('.', '', 'ar_SA sr_RS'),
  ...style('.', ',', 'en_IN ta_IN te_IN', 2),
])

const ENGLISH_STYLED: ReadonlySet<string> = new Set(
  (
    'ar_AE ar_BH ar_DZ ar_EG ar_IN ar_IQ ar_JO ar_KW ar_LB ar_LY ar_MA ar_OM ar_QA ar_SD ar_SY ar_TN ar_YE en_AU en_CA ' +
    'en_GB en_NZ en_PH en_US en_ZA en_ZW es_DO es_GT es_HN es_MX es_NI es_PA es_PE es_PR es_SV es_US gu_IN he_IL ' +
    'hi_IN ja_JP ko_KR ms_MY th_TH ur_PK zh_CN zh_HK zh_TW'
  ).split(' '),
)

/** The name of a locale as MySQL writes it; undefined for a locale that MySQL doesn't know. */
export function localeByName(name: string): string | undefined {
  return numberStyle(name) === undefined ? undefined : canonicalLocale(name)
}

/** The style of a locale; undefined for a locale that MySQL doesn't know. */
export function numberStyle(locale: string): NumberStyle | undefined {
  const canonical = canonicalLocale(locale)
  return STYLES.get(canonical) ?? (ENGLISH_STYLED.has(canonical) ? ENGLISH_STYLE : undefined)
}

/** MySQL compares names of locales without regard to case. */
function canonicalLocale(locale: string): string {
  const [language = '', country = ''] = locale.split('_')
  return `${language.toLowerCase()}_${country.toUpperCase()}`
}
