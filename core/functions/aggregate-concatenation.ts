/**
 * GROUP_CONCAT (MySQL manual 14.19.1): the strings of a group, ordered if asked, cut at group_concat_max_len bytes.
 */
import { byteLengthMax } from '../common/byte-length.js'
import type { Batch } from '../common/batch.js'
import { comparatorOf, type Comparator } from '../common/comparison.js'
import type { EvaluationContext, Evaluator } from '../common/evaluation.js'
import type { Accumulator, AggregateBinding, AggregateOptions } from '../common/function-binding.js'
import { binaryType, isBinary, isText, textType, type SqlType } from '../common/sql-type.js'
import type { Value } from '../common/value.js'
import { latin1Bytes, latin1Text, textLengthMax } from '../common/value-text.js'
import type { AggregateFunction, ArgumentInfo, BindingEnvironment } from '../spi/functions.js'
import { aggregate, ignoringNulls } from './aggregate-support.js'
import { resolveStrings } from './string-domain.js'

const DEFAULT_SEPARATOR = ','
/** Length of the result's type; MySQL answers with TEXT (or BLOB) unless the limit is tiny. */
const RESULT_LENGTH = 65535
const ENTRY_OVERHEAD_BYTES = 48

interface SortKey {
  readonly evaluate: Evaluator
  readonly compare: Comparator
  readonly sign: number
}

interface Entry {
  readonly text: string
  readonly keys: readonly Value[]
}

class ConcatenationAccumulator implements Accumulator {
  private readonly entries: Entry[] = []
  private bytes = 0

  constructor(
    private readonly args: readonly Evaluator[],
    private readonly sortKeys: readonly SortKey[],
    private readonly separator: string,
    private readonly isBinary: boolean,
  ) {}

  get byteSize(): number {
    return this.bytes
  }

  add(batch: Batch, row: number, context: EvaluationContext): void {
    // Without an order nothing after the limit can show; one entry beyond it brings the warning.
    if (
      this.sortKeys.length === 0 &&
      this.bytes > context.groupConcatMaxLength * 2 + this.entries.length * ENTRY_OVERHEAD_BYTES
    ) {
      return
    }
    let text = ''
    for (const argument of this.args) {
      const value = argument(batch, row, context)
      if (value === null) return
      text += typeof value === 'string' ? value : latin1Text(value as Uint8Array)
    }
    const keys = this.sortKeys.map((key) => key.evaluate(batch, row, context))
    this.entries.push({ text, keys })
    this.bytes += text.length * 2 + ENTRY_OVERHEAD_BYTES
  }

  result(context: EvaluationContext): Value {
    if (this.entries.length === 0) return null
    if (this.sortKeys.length > 0) this.entries.sort((a, b) => this.compareEntries(a, b))
    const text = this.join(context)
    return this.isBinary ? latin1Bytes(text) : text
  }

  private compareEntries(a: Entry, b: Entry): number {
    for (let i = 0; i < this.sortKeys.length; i++) {
      const key = this.sortKeys[i] as SortKey
      const x = a.keys[i] as Value
      const y = b.keys[i] as Value
      // NULL is below all values.
      const order = x === null || y === null ? Number(y === null) - Number(x === null) : key.compare(x, y)
      if (order !== 0) return order * key.sign
    }
    return 0
  }

  private join(context: EvaluationContext): string {
    const limit = context.groupConcatMaxLength
    const sizeOf = this.isBinary ? (text: string) => text.length : (text: string) => Buffer.byteLength(text)
    const separatorSize = sizeOf(this.separator)
    let result = ''
    let size = 0
    for (let i = 0; i < this.entries.length; i++) {
      const { text } = this.entries[i] as Entry
      const piece = i === 0 ? text : this.separator + text
      const pieceSize = (i === 0 ? 0 : separatorSize) + sizeOf(text)
      if (size + pieceSize > limit) {
        context.warn('Warning', 'ER_CUT_VALUE_GROUP_CONCAT', i + 1)
        return result + this.cut(piece, limit - size)
      }
      result += piece
      size += pieceSize
    }
    return result
  }

  /** The characters of `text` that fit in `size` bytes. */
  private cut(text: string, size: number): string {
    if (this.isBinary) return text.slice(0, size)
    let end = 0
    let used = 0
    for (const character of text) {
      used += Buffer.byteLength(character)
      if (used > size) break
      end += character.length
    }
    return text.slice(0, end)
  }
}

function bindGroupConcat(args: readonly ArgumentInfo[], environment: BindingEnvironment): AggregateBinding {
  const strings = resolveStrings(args, environment, 'group_concat', false)
  const type: SqlType = strings.isBinary
    ? Object.freeze({ ...binaryType(RESULT_LENGTH), name: 'blob' })
    : Object.freeze({
        ...textType(RESULT_LENGTH, strings.collation.name),
        name: 'text',
        length: RESULT_LENGTH,
      })
  const parameterTypes = args.map((argument) => {
    if (strings.isBinary)
      return isBinary(argument.type) ? undefined : binaryType(byteLengthMax(argument.type))
    return isText(argument.type) ? undefined : textType(textLengthMax(argument.type), strings.collation.name)
  })
  const parts = { type, nullable: true, parameterTypes, coercibility: strings.coercibility }
  return ignoringNulls(parts, (operands, options) => {
    const sortKeys = compileOrder(options)
    const separator = options.separator ?? DEFAULT_SEPARATOR
    return () => new ConcatenationAccumulator(operands, sortKeys, separator, strings.isBinary)
  })
}

function compileOrder(options: AggregateOptions): SortKey[] {
  return options.orderBy.map(({ evaluate, type, descending }) => ({
    evaluate,
    compare: comparatorOf(type),
    sign: descending ? -1 : 1,
  }))
}

export const concatenationFunctions: readonly AggregateFunction[] = [
  aggregate('group_concat', bindGroupConcat, [1, Infinity]),
]
