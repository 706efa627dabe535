/**
 * Goal: files are cut into fields as MySQL's manual says (15.2.9), whatever the pieces they come in. Method: small files by every
 * option; random files read as a whole and byte by byte.
 */
import { Batch } from '../common/batch.js'
import { BIGINT_TYPE, binaryType } from '../common/sql-type.js'
import { LINE_STATE, type LineFormat } from '../plan/file.js'
import { TextFileReader } from './text-file-reader.js'

const DEFAULTS: LineFormat = {
  fieldsTerminatedBy: '\t',
  fieldsEnclosedBy: '',
  fieldsOptionallyEnclosed: false,
  fieldsEscapedBy: '\\',
  linesStartingBy: '',
  linesTerminatedBy: '\n',
  ignoreLines: 0,
}
const CSV = { fieldsTerminatedBy: ',', fieldsEnclosedBy: '"' }

interface Line {
  readonly fields: readonly (string | null)[]
  /** How many of them were there. */
  readonly present: number
  readonly isCut: boolean
}

function readLines(
  text: string,
  format: Partial<LineFormat>,
  fieldCount: number,
  pieceBytes = Infinity,
  widths?: readonly number[],
): Line[] {
  const reader = new TextFileReader({ ...DEFAULTS, ...format }, fieldCount, widths)
  const types = Array.from({ length: fieldCount }, () => binaryType(4294967295))
  const batch = Batch.ofTypes([...types, BIGINT_TYPE])
  const bytes = Buffer.from(text, 'latin1')
  const lines: Line[] = []
  let at = 0
  for (;;) {
    const outcome = reader.read(batch)
    for (let row = 0; row < batch.rowCount; row++) {
      const cells = batch.row(row)
      const state = Number(cells.pop())
      lines.push({
        fields: cells.map((cell) =>
          cell === null ? null : Buffer.from(cell as Uint8Array).toString('latin1'),
        ),
        present: state & LINE_STATE.fields,
        isCut: state >= LINE_STATE.cut,
      })
    }
    batch.clear()
    if (outcome === 'end') return lines
    if (outcome === 'full') continue
    do {
      if (at >= bytes.length) reader.finish()
      else reader.push(bytes.subarray(at, (at += Math.min(pieceBytes, bytes.length - at))))
    } while (!reader.hasEnough)
  }
}

const fieldsOf = (...args: Parameters<typeof readLines>) => readLines(...args).map(({ fields }) => fields)

test.each([
  ['1\ta\n2\tb\n', {}],
  ['1\ta\n2\tb', {}],
  ['1,"a"\n2,b\n', CSV],
  ['1,a\r\n2,"b"\r\n', { ...CSV, linesTerminatedBy: '\r\n' }],
  ['1|~|a|#|2|~|b|#|', { fieldsTerminatedBy: '|~|', linesTerminatedBy: '|#|' }],
  ['head\n\n1\ta\n2\tb\n', { ignoreLines: 2 }],
  ['noise>>1\ta\nnothing\n>>2\tb\n', { linesStartingBy: '>>' }],
  ['1,a,2,b,', { fieldsTerminatedBy: ',', linesTerminatedBy: '' }],
  ['1,a,2,b,', { fieldsTerminatedBy: ',', linesTerminatedBy: ',' }],
])('%j', (text, format) => {
  expect(fieldsOf(text, format, 2)).toEqual([
    ['1', 'a'],
    ['2', 'b'],
  ])
})

test('escapes, NULL and the word NULL', () => {
  expect(fieldsOf('a\\tb\\nc\\\\\\0\\Z\\b\\r\\q\n', {}, 1)).toEqual([['a\tb\nc\\\0\x1a\b\rq']])
  expect(fieldsOf('\\N\tNULL\t\\Nx\n', {}, 3)).toEqual([[null, 'NULL', 'Nx']])
  expect(fieldsOf('NULL,"NULL",\\N\n', CSV, 3)).toEqual([[null, 'NULL', null]])
  expect(fieldsOf('a\\\nb\n', {}, 1)).toEqual([['a\nb']])
  expect(fieldsOf('a\\tb\n', { fieldsEscapedBy: '' }, 1)).toEqual([['a\\tb']])
  expect(fieldsOf('a\\', {}, 1)).toEqual([['a\\']])
})

test('enclosing characters', () => {
  expect(fieldsOf('"a,b","c""d","e"f","g\nh"\n', CSV, 4)).toEqual([['a,b', 'c"d', 'e"f', 'g\nh']])
  expect(fieldsOf('a"b,"",""""\n', CSV, 3)).toEqual([['a"b', '', '"']])
  expect(fieldsOf('"open,x\n', CSV, 2)).toEqual([['"open,x\n', null]])
  expect(fieldsOf('"a""b","c"\n', { ...CSV, fieldsEscapedBy: '"' }, 2)).toEqual([['a"b', 'c']])
})

test('lines with too few fields and too many', () => {
  expect(readLines('1\n1\t2\t3\n\n1\t', {}, 2)).toEqual([
    { fields: ['1', null], present: 1, isCut: false },
    { fields: ['1', '2'], present: 2, isCut: true },
    { fields: ['', null], present: 1, isCut: false },
    { fields: ['1', null], present: 1, isCut: false },
  ])
  expect(readLines('', {}, 2)).toEqual([])
})

test('fixed widths', () => {
  const format = { fieldsTerminatedBy: '' }
  expect(readLines('1   ab \n22  c\n', format, 2, Infinity, [4, 3])).toEqual([
    { fields: ['1   ', 'ab '], present: 2, isCut: false },
    { fields: ['22  ', 'c'], present: 2, isCut: false },
  ])
  expect(fieldsOf('1 ab2 cd', { ...format, linesTerminatedBy: '' }, 2, Infinity, [2, 2])).toEqual([
    ['1 ', 'ab'],
    ['2 ', 'cd'],
  ])
})

test('a line of megabytes that comes in small pieces', () => {
  const long = 'x'.repeat(3_000_000)
  expect(fieldsOf(`${long}\t1\n`, {}, 2, 1000)[0]?.[0]).toHaveLength(long.length)
})

test('pieces make no difference', () => {
  const alphabet = ['a', 'N', 'NULL', '\\', '"', ',', ';;', ';', '\n', '\r\n', '\t', '>>', '>']
  const formats: Partial<LineFormat>[] = [
    {},
    CSV,
    { ...CSV, fieldsEscapedBy: '"' },
    { fieldsTerminatedBy: ';;', linesTerminatedBy: '\r\n' },
    { ...CSV, linesStartingBy: '>>', ignoreLines: 1 },
    { fieldsTerminatedBy: ',', linesTerminatedBy: '' },
    { fieldsTerminatedBy: '', linesTerminatedBy: '\r\n' },
  ]
  let seed = 7
  const random = (below: number): number => (seed = (seed * 48271) % 2147483647) % below
  for (let i = 0; i < 2000; i++) {
    const format = formats[i % formats.length] ?? {}
    const widths = format.fieldsTerminatedBy === '' ? [2, 3, 1] : undefined
    const text = Array.from({ length: random(20) }, () => alphabet[random(alphabet.length)]).join('')
    const whole = readLines(text, format, 3, Infinity, widths)
    expect({ text, lines: readLines(text, format, 3, 1, widths) }).toEqual({ text, lines: whole })
    expect({ text, lines: readLines(text, format, 3, 3, widths) }).toEqual({ text, lines: whole })
  }
})
