/** String functions of fragments that build a text, or look for one: REPLACE, CONCAT_WS, LPAD, RPAD, REPEAT, REVERSE, INSTR, LOCATE, ASCII. */
import { isText, type Expression } from '@switchyard/core/spi'
import { bytesSql } from './bytes-sql.js'
import { castSql, constantText, need, Refusal, type Entry, type Render } from './fragment-render.js'
import { commonCollation, integerOf, requireUnicode } from './fragment-text.js'
import { textFormOf } from './text-form.js'

/** Characters of a result from which on it may be larger than a packet. */
const LENGTH_MAX = 1_000_000

function requireTexts(args: readonly Expression[], call: Expression): void {
  if (!isText(call.type) || call.type.length > LENGTH_MAX) throw new Refusal(`no entry for ${call.text}`)
  for (const argument of args) requireUnicode(argument)
}

/** A constant text as it is written there. */
function constantSql(expression: Expression, render: Render): string {
  const text = constantText(expression, render)
  return text === undefined ? '?' : bytesSql(Buffer.from(text))
}

/** It looks for bytes, whatever the collation is. */
const replaceEntry: Entry = (args, call, render) => {
  requireTexts(args, call)
  const [text, from, to] = [need(args[0]), need(args[1]), need(args[2])]
  const [wanted, other] = [constantSql(from, render), constantSql(to, render)]
  if (constantText(from, render) === '') return render(text)
  return `replaceAll(${render(text)}, ${wanted}, ${other})`
}

/** NULLs are left out, with their separators. */
const concatWithSeparator: Entry = ([separator, ...parts], call, render) => {
  requireTexts([need(separator), ...parts], call)
  const texts = parts.map((part) => `CAST(${render(part)} AS Nullable(String))`).join(', ')
  const present = `arrayMap(x -> assumeNotNull(x), arrayFilter(x -> isNotNull(x), [${texts}]))`
  return `arrayStringConcat(${present}, ${constantSql(need(separator), render)})`
}

function padEntry(name: 'leftPadUTF8' | 'rightPadUTF8'): Entry {
  return (args, call, render) => {
    const [text, count, padding] = [need(args[0]), need(args[1]), need(args[2])]
    requireTexts([text, padding], call)
    const length = integerOf(count, render) ?? NaN
    if (Number.isNaN(length) || length < 0 || length > LENGTH_MAX) return castSql('NULL', call.type)
    if (constantText(padding, render) === '') throw new Refusal(`no entry for ${call.text}`)
    return `${name}(${render(text)}, ${length}, ${constantSql(padding, render)})`
  }
}

const repeatEntry: Entry = ([text, count], call, render) => {
  requireTexts([need(text)], call)
  const times = integerOf(need(count), render) ?? NaN
  if (Number.isNaN(times)) return castSql('NULL', call.type)
  return `repeat(${render(need(text))}, ${Math.max(times, 0)})`
}

const reverseEntry: Entry = ([text], call, render) => {
  requireTexts([need(text)], call)
  return `reverseUTF8(${render(need(text))})`
}

const asciiEntry: Entry = ([text], call, render) => {
  requireUnicode(need(text))
  return castSql(`ascii(${render(need(text))})`, call.type)
}

/** The place of a constant text. By a collation that folds letters only where all of it is ASCII. */
function placeSql(text: Expression, wanted: Expression, call: Expression, render: Render): string {
  requireUnicode(text)
  requireUnicode(wanted)
  const form = textFormOf(commonCollation(text, wanted))
  if (form === undefined) throw new Refusal(`no entry for ${call.text}`)
  const needle = constantText(wanted, render)
  if (form.kind !== 'folded') {
    return castSql(`positionUTF8(${render(text)}, ${constantSql(wanted, render)})`, call.type)
  }
  const column = text.kind === 'column' ? render.columns.get(text.column) : undefined
  if (column === undefined || column.hasExceptions === true) throw new Refusal(`${text.text} isn't all ASCII`)
  if (needle !== undefined && !/^[ -~]*$/.test(needle)) throw new Refusal(`no entry for ${call.text}`)
  return castSql(`position(lower(${render(text)}), lower(${constantSql(wanted, render)}))`, call.type)
}

const instrEntry: Entry = ([text, wanted], call, render) => placeSql(need(text), need(wanted), call, render)

const locateEntry: Entry = ([wanted, text, from], call, render) => {
  if (from !== undefined) throw new Refusal(`no entry for ${call.text}`)
  return placeSql(need(text), need(wanted), call, render)
}

export const TEXT_BUILDING_ENTRIES: readonly (readonly [string, Entry])[] = [
  ['replace', replaceEntry],
  ['concat_ws', concatWithSeparator],
  ['lpad', padEntry('leftPadUTF8')],
  ['rpad', padEntry('rightPadUTF8')],
  ['repeat', repeatEntry],
  ['reverse', reverseEntry],
  ['ascii', asciiEntry],
  ['instr', instrEntry],
  ['locate', locateEntry],
  ['position', locateEntry],
]
