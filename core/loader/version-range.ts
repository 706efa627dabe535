/**
 * Whether a version lies in an npm version range: `^1.2.0`, `~1.2.0`, `1.2.0`, `>=1.2.0 <2.0.0`, `*`, joined by
 * `||`. Enough for plugin manifests; pre-release parts are not part of SPI versions.
 */
type Version = readonly [major: number, minor: number, patch: number]

interface Comparator {
  readonly operator: string
  readonly version: Version
}

const COMPARATOR = /^(\^|~|>=|<=|>|<|=)?v?(\d+)(?:\.(\d+))?(?:\.(\d+))?$/

/** Answers undefined if `range` isn't a version range that is understood. */
export function isInRange(version: string, range: string): boolean | undefined {
  const wanted = parse(version)?.version
  if (wanted === undefined) return undefined
  const alternatives = range.split('||').map((part) => part.trim())
  const answers = alternatives.map((part) => matchesAll(wanted, part))
  return answers.includes(undefined) ? undefined : answers.includes(true)
}

function matchesAll(version: Version, range: string): boolean | undefined {
  if (range === '*') return true
  const comparators = range.split(/\s+/).map(parse)
  const known = comparators.filter((comparator) => comparator !== undefined)
  if (known.length < comparators.length) return undefined
  return known.every((comparator) => matches(version, comparator))
}

function parse(text: string): Comparator | undefined {
  const match = COMPARATOR.exec(text)
  if (match === null) return undefined
  const [, operator = '=', major, minor = 0, patch = 0] = match
  return { operator, version: [Number(major), Number(minor), Number(patch)] }
}

function matches(version: Version, { operator, version: bound }: Comparator): boolean {
  const order = compare(version, bound)
  switch (operator) {
    case '>=':
      return order >= 0
    case '<=':
      return order <= 0
    case '>':
      return order > 0
    case '<':
      return order < 0
    case '^':
      return order >= 0 && compare(version, nextBreaking(bound)) < 0
    case '~':
      return order >= 0 && compare(version, [bound[0], bound[1] + 1, 0]) < 0
    default:
      return order === 0
  }
}

/** The first version that may break what worked with `bound`: the leftmost part that isn't zero, plus one. */
function nextBreaking([major, minor, patch]: Version): Version {
  if (major > 0) return [major + 1, 0, 0]
  return minor > 0 ? [0, minor + 1, 0] : [0, 0, patch + 1]
}

function compare(left: Version, right: Version): number {
  return left[0] - right[0] || left[1] - right[1] || left[2] - right[2]
}
