/**
 * Makes a statement that two servers answer differently shorter, as long as they still do: parts of its text are left out,
 * from large to small, and what is in parentheses is taken for the whole.
 */

const TRIES_MAX = 600

/** `differs` says whether a shorter statement shows the same difference. */
export async function reduce(sql: string, differs: (sql: string) => Promise<boolean>): Promise<string> {
  // Columns that depend on grouped ones can be selected, but have no determined value in the sums.
  if (/\bROLLUP\b/.test(sql)) return sql
  let best = tokensOf(sql)
  let tries = 0
  for (let size = Math.ceil(best.length / 2); size >= 1;) {
    const shorter = await firstThatDiffers(candidates(best, size))
    if (shorter !== undefined) best = shorter
    else size = Math.floor(size / 2)
  }
  return best.join('').trim()

  async function firstThatDiffers(
    texts: Iterable<readonly string[]>,
  ): Promise<readonly string[] | undefined> {
    for (const candidate of texts) {
      if (tries++ >= TRIES_MAX) return undefined
      if (await differs(candidate.join(''))) return candidate
    }
    return undefined
  }
}

/** Every way to leave out `size` tokens that stand together, or the parentheses around some. */
function* candidates(tokens: readonly string[], size: number): Iterable<readonly string[]> {
  const isOrder = partsOfOrders(tokens)
  for (let start = 0; start + size <= tokens.length; start++) {
    if (isOrder[start] === true) continue
    const left = tokens.slice(start, start + size)
    if (canGo(left)) yield [...tokens.slice(0, start), ...tokens.slice(start + size)]
  }
  for (const [start, end] of groups(tokens)) {
    if ((end - start !== size + 1 && size > 1) || isOrder[start] === true) continue
    const without = [...tokens.slice(0, start), ...tokens.slice(start + 1, end), ...tokens.slice(end + 1)]
    yield without
  }
}

/** Balanced, and no part of an ORDER BY: without it rows behind LIMIT and in frames are left to chance. */
function canGo(tokens: readonly string[]): boolean {
  let depth = 0
  for (const token of tokens) {
    if (token.startsWith('(')) depth++
    if (token.startsWith(')') && --depth < 0) return false
    if (depth === 0 && /^(ORDER|LIMIT|OFFSET)\b/i.test(token)) return false
  }
  return depth === 0
}

function* groups(tokens: readonly string[]): Iterable<readonly [number, number]> {
  const open: number[] = []
  for (const [i, token] of tokens.entries()) {
    if (token.startsWith('(')) open.push(i)
    const start = token.startsWith(')') ? open.pop() : undefined
    if (start !== undefined) yield [start, i]
  }
}

/** With the white space behind each, because a function's name stands directly before its parenthesis. */
function tokensOf(sql: string): readonly string[] {
  return sql.match(/(?:\w*'(?:[^'\\]|\\.|'')*'|[\w.@]+|<=>|[<>!]=|<>|<<|>>|\S)\s*/gs) ?? []
}

/** Which tokens stand in the list of an ORDER BY, which ends with its parenthesis, at LIMIT, SEPARATOR or a frame. */
function partsOfOrders(tokens: readonly string[]): readonly boolean[] {
  let inside: number | undefined
  let depth = 0
  return tokens.map((token) => {
    if (token.startsWith('(')) depth++
    if (/^ORDER\b/i.test(token)) inside ??= depth
    const isEnd = token.startsWith(')') ? depth === inside : /^(LIMIT|SEPARATOR|ROWS|RANGE)\b/i.test(token)
    if (token.startsWith(')')) depth--
    if (isEnd) inside = undefined
    return inside !== undefined
  })
}
