/**
 * Goal: aggregates and window functions give MySQL's results and result types. Method: each over a batch of rows, adding
 * (and where it can, removing) them one by one; windows over partitions with peers.
 */
import { Batch } from '../common/batch.js'
import { compileConversion, textOf } from '../common/conversion.js'
import type { EvaluationContext, Evaluator } from '../common/evaluation.js'
import type { AggregateBinding, AggregateOptions, WindowPartition } from '../common/function-binding.js'
import {
  BIGINT_TYPE,
  binaryType,
  DATE_TYPE,
  decimalType,
  DOUBLE_TYPE,
  INT_TYPE,
  JSON_TYPE,
  textType,
  type SqlType,
} from '../common/sql-type.js'
import type { Value } from '../common/value.js'
import type { ArgumentInfo } from '../spi/functions.js'
import { aggregateFunctions } from './aggregates.js'
import { testContext, testEnvironment } from './test-support.js'
import { windowFunctions } from './windows.js'

const TEXT = textType(10, 'utf8mb4_0900_ai_ci')
const NO_OPTIONS: AggregateOptions = { orderBy: [], separator: undefined }

function describeColumn(type: SqlType, i: number): ArgumentInfo {
  return {
    type,
    nullable: true,
    coercibility: 2,
    constant: undefined,
    isConstant: false,
    text: `c${String(i)}`,
  }
}

function columnReader(types: readonly SqlType[], wanted: readonly (SqlType | undefined)[]): Evaluator[] {
  return types.map((type, i) => {
    const target = wanted[i]
    const convert = target === undefined ? undefined : compileConversion(type, target)
    return (batch: Batch, row: number, context: EvaluationContext): Value => {
      const value = batch.columns[i]?.get(row) ?? null
      return convert === undefined ? value : convert(value, context)
    }
  })
}

function batchOf(types: readonly SqlType[], rows: readonly (readonly Value[])[]): Batch {
  const batch = Batch.ofTypes(types)
  for (const row of rows) batch.pushRow(row)
  return batch
}

function setUp(name: string, types: readonly SqlType[], options: Partial<AggregateOptions> = {}) {
  const definition = aggregateFunctions.find((each) => each.name === name)
  if (definition === undefined) throw new Error(`no aggregate ${name}`)
  const binding = definition.bind(types.map(describeColumn), testEnvironment())
  const create = binding.compile(columnReader(types, binding.parameterTypes), { ...NO_OPTIONS, ...options })
  return { binding, create }
}

function shown(value: Value, type: SqlType): string | null {
  if (value === null) return null
  return value instanceof Uint8Array ? Buffer.from(value).toString('hex') : textOf(type)(value)
}

/** The result as expressions see it. */
function shownResult(value: Value, binding: AggregateBinding, context: EvaluationContext): string | null {
  const { type, shownType = type } = binding
  return shown(compileConversion(type, shownType)(value, context), shownType)
}

function typeText(type: SqlType): string {
  const size = type.name === 'decimal' ? `(${type.length},${type.scale})` : `(${type.length})`
  return `${type.name}${type.name === 'double' ? '' : size}${type.unsigned ? ' unsigned' : ''}`
}

function run(
  name: string,
  types: readonly SqlType[],
  rows: readonly (readonly Value[])[],
  options: Partial<AggregateOptions> = {},
  settings: Partial<EvaluationContext> = {},
): { text: string | null; type: string; warnings: string[] } {
  const { binding, create } = setUp(name, types, options)
  const warnings: string[] = []
  const context = testContext({ context: settings }, warnings)
  const batch = batchOf(types, rows)
  const accumulator = create()
  for (let row = 0; row < rows.length; row++) accumulator.add(batch, row, context)
  const { type, shownType = type } = binding
  return {
    text: shownResult(accumulator.result(context), binding, context),
    type: typeText(shownType),
    warnings,
  }
}

function column(...values: Value[]): Value[][] {
  return values.map((value) => [value])
}

describe('results and their types', () => {
  test.each<[string, SqlType, Value[][], string | null, string]>([
    ['count', INT_TYPE, column(1, null, 3), '2', 'bigint(21)'],
    ['sum', INT_TYPE, column(1, null, 3), '4', 'decimal(32,0)'],
    ['sum', INT_TYPE, column(null), null, 'decimal(32,0)'],
    [
      'sum',
      BIGINT_TYPE,
      column(9223372036854775807n, 9223372036854775807n),
      '18446744073709551614',
      'decimal(41,0)',
    ],
    ['sum', decimalType(10, 2), column(125, -25), '1.00', 'decimal(32,2)'],
    ['sum', DOUBLE_TYPE, column(0.5, 0.25), '0.75', 'double'],
    ['sum', TEXT, column('1.5', '2x'), '3.5', 'double'],
    ['avg', INT_TYPE, column(1, 2, null), '1.5000', 'decimal(14,4)'],
    ['avg', INT_TYPE, column(1, 1, 0), '0.6667', 'decimal(14,4)'],
    ['avg', INT_TYPE, [], null, 'decimal(14,4)'],
    ['avg', decimalType(5, 2), column(100, 200, 200), '1.666667', 'decimal(9,6)'],
    ['avg', DOUBLE_TYPE, column(1, 2), '1.5', 'double'],
    ['min', INT_TYPE, column(3, null, 1, 2), '1', 'int(11)'],
    ['max', INT_TYPE, column(3, null, 1, 2), '3', 'int(11)'],
    ['max', TEXT, column('a', 'C', 'b'), 'C', 'varchar(10)'],
    ['min', DATE_TYPE, column(null), null, 'date(10)'],
    ['max', JSON_TYPE, column('1', '"a"', '2'), '"a"', 'json(4294967295)'],
    ['any_value', TEXT, column('x', 'y'), 'x', 'varchar(10)'],
    ['bit_and', INT_TYPE, column(7, 14), '6', 'bigint(21) unsigned'],
    ['bit_and', INT_TYPE, [], '18446744073709551615', 'bigint(21) unsigned'],
    ['bit_or', INT_TYPE, column(1, 4, null), '5', 'bigint(21) unsigned'],
    ['bit_xor', INT_TYPE, column(-1, 1), '18446744073709551614', 'bigint(21) unsigned'],
    ['bit_or', binaryType(2), column(Buffer.from([1, 2]), Buffer.from([16, 32])), '1122', 'varbinary(2)'],
    ['std', INT_TYPE, column(1, 2, 3), '0.816496580927726', 'double'],
    ['stddev_samp', INT_TYPE, column(1, 2, 3), '1', 'double'],
    ['stddev_samp', INT_TYPE, column(1), null, 'double'],
    ['var_pop', INT_TYPE, column(1, 2, 3, 4), '1.25', 'double'],
    ['variance', INT_TYPE, column(5), '0', 'double'],
    ['var_samp', INT_TYPE, column(1, 3), '2', 'double'],
    ['json_arrayagg', INT_TYPE, column(1, null, 2), '[1, null, 2]', 'json(4294967295)'],
    ['json_arrayagg', INT_TYPE, [], null, 'json(4294967295)'],
    ['json_arrayagg', TEXT, column('{"a":1}'), '["{\\"a\\":1}"]', 'json(4294967295)'],
  ])('%s of %j over %p', (name, type, rows, text, resultType) => {
    expect(run(name, [type], rows)).toMatchObject({ text, type: resultType })
  })

  test('AVG hands its digits on', () => {
    const { binding, create } = setUp('avg', [INT_TYPE])
    const accumulator = create()
    const batch = batchOf([INT_TYPE], column(1, 0, 0))
    for (let row = 0; row < 3; row++) accumulator.add(batch, row, testContext())
    expect(shown(accumulator.result(testContext()), binding.type)).toBe('0.333333333')
  })

  test('COUNT without and with several arguments', () => {
    expect(run('count', [], [[], [], []]).text).toBe('3')
    expect(
      run(
        'count',
        [INT_TYPE, TEXT],
        [
          [1, 'a'],
          [null, 'b'],
          [2, null],
        ],
      ).text,
    ).toBe('1')
  })

  test('JSON_OBJECTAGG keeps the last of equal keys and refuses NULL', () => {
    const rows = [
      ['b', 1],
      ['a', 2],
      ['b', 3],
    ]
    expect(run('json_objectagg', [TEXT, INT_TYPE], rows).text).toBe('{"a": 2, "b": 3}')
    expect(() => run('json_objectagg', [TEXT, INT_TYPE], [[null, 1]])).toThrow(
      expect.objectContaining({ number: 3158 }),
    )
  })
})

describe('rows that leave the frame', () => {
  test.each<[string, SqlType, Value[][], string | null]>([
    ['count', INT_TYPE, column(1, null, 3), '1'],
    ['sum', INT_TYPE, column(1, null, 3), '3'],
    ['sum', decimalType(5, 2), column(9007199254740991n, 1, 9), '0.10'],
    ['avg', INT_TYPE, column(5, 1, 2), '1.5000'],
    ['bit_xor', INT_TYPE, column(5, 1, 2), '3'],
  ])('%s of %j', (name, type, rows, expected) => {
    const { binding, create } = setUp(name, [type])
    const context = testContext()
    const batch = batchOf([type], rows)
    const accumulator = create()
    for (let row = 0; row < rows.length; row++) accumulator.add(batch, row, context)
    if (accumulator.remove === undefined) throw new Error('no remove')
    accumulator.remove(batch, 0, context)
    expect(shownResult(accumulator.result(context), binding, context)).toBe(expected)
  })

  test('a frame that lost all its rows is NULL again', () => {
    const { create } = setUp('sum', [INT_TYPE])
    const context = testContext()
    const batch = batchOf([INT_TYPE], [[5]])
    const accumulator = create()
    accumulator.add(batch, 0, context)
    accumulator.remove?.(batch, 0, context)
    expect(accumulator.result(context)).toBeNull()
  })

  test('sums of doubles never give back what they took', () => {
    expect(setUp('sum', [DOUBLE_TYPE]).create().remove).toBeUndefined()
  })
})

describe('GROUP_CONCAT', () => {
  const order = (i: number, type: SqlType, descending = false) => ({
    evaluate: (batch: Batch, row: number) => batch.columns[i]?.get(row) ?? null,
    type,
    descending,
  })

  test('joins with commas, skips NULLs, has no rows as NULL', () => {
    expect(run('group_concat', [TEXT], column('a', null, 'b'))).toMatchObject({
      text: 'a,b',
      type: 'text(65535)',
    })
    expect(run('group_concat', [TEXT], column(null)).text).toBeNull()
    expect(
      run(
        'group_concat',
        [INT_TYPE, TEXT],
        [
          [1, 'x'],
          [2, 'y'],
        ],
      ).text,
    ).toBe('1x,2y')
  })

  test('orders and separates', () => {
    const options = { orderBy: [order(0, TEXT, true)], separator: ' | ' }
    expect(run('group_concat', [TEXT], column('b', 'C', 'a'), options).text).toBe('C | b | a')
    const byNumber = { orderBy: [order(1, INT_TYPE)] }
    expect(
      run(
        'group_concat',
        [TEXT, INT_TYPE],
        [
          ['x', 2],
          ['y', null],
          ['z', 1],
        ],
        byNumber,
      ).text,
    ).toBe('z1,x2')
  })

  test('is cut at group_concat_max_len bytes, with a warning', () => {
    const settings = { groupConcatMaxLength: 6 }
    expect(run('group_concat', [TEXT], column('abc', 'def', 'ghi'), {}, settings)).toMatchObject({
      text: 'abc,de',
      warnings: ['Warning Row 2 was cut by GROUP_CONCAT()'],
    })
    expect(run('group_concat', [TEXT], column('ééé', 'x'), {}, settings).warnings).toHaveLength(1)
    expect(run('group_concat', [TEXT], column('aéé', 'é'), {}, settings).text).toBe('aéé,')
  })

  test('many rows beyond the limit are not kept', () => {
    const { create } = setUp('group_concat', [TEXT])
    const context = testContext({ context: { groupConcatMaxLength: 100 } })
    const batch = batchOf([TEXT], column('0123456789'))
    const accumulator = create()
    for (let i = 0; i < 100000; i++) accumulator.add(batch, 0, context)
    expect(accumulator.byteSize).toBeLessThan(10000)
    expect(accumulator.result(context)).toHaveLength(100)
  })

  test('binary strings stay bytes', () => {
    expect(run('group_concat', [binaryType(2)], column(Buffer.from([255]), Buffer.from([1])))).toMatchObject({
      text: 'ff2c01',
      type: 'blob(65535)',
    })
  })
})

describe('window functions', () => {
  const values = [10, 10, 20, 30, 30, 30]
  const types = [INT_TYPE]
  const batch = batchOf(types, column(...values))
  const partition: WindowPartition = {
    batch,
    start: 0,
    end: values.length,
    peers: (a, b) => values[a] === values[b],
  }

  function overPartition(
    name: string,
    extra: readonly { readonly type: SqlType; readonly value: Value }[] = [],
    frame: (row: number) => [number, number] = () => [0, values.length],
    withColumn = !['row_number', 'rank', 'dense_rank', 'percent_rank', 'cume_dist', 'ntile'].includes(name),
  ) {
    const definition = windowFunctions.find((each) => each.name === name)
    if (definition === undefined) throw new Error(`no window function ${name}`)
    const constants = extra.map(({ type, value }, i) => ({
      ...describeColumn(type, i),
      constant: { value },
      isConstant: true,
      nullable: value === null,
    }))
    const args = withColumn ? [describeColumn(INT_TYPE, 0), ...constants] : constants
    const binding = definition.bind(args, testEnvironment())
    const readers = withColumn ? columnReader(types, binding.parameterTypes) : []
    const evaluate = binding.compile([
      ...readers,
      ...extra.map(
        ({ value }) =>
          (): Value =>
            value,
      ),
    ])
    const context = testContext()
    return {
      binding,
      results: values.map((_, row) => evaluate(partition, row, ...frame(row), context)),
    }
  }

  const number = (value: number) => ({ type: BIGINT_TYPE, value })

  test('ranks', () => {
    expect(overPartition('row_number').results).toEqual([1, 2, 3, 4, 5, 6])
    expect(overPartition('rank').results).toEqual([1, 1, 3, 4, 4, 4])
    expect(overPartition('dense_rank').results).toEqual([1, 1, 2, 3, 3, 3])
    expect(overPartition('percent_rank').results).toEqual([0, 0, 0.4, 0.6, 0.6, 0.6])
    expect(overPartition('cume_dist').results).toEqual([2 / 6, 2 / 6, 3 / 6, 1, 1, 1])
    expect(typeText(overPartition('rank').binding.type)).toBe('bigint(21) unsigned')
  })

  test('NTILE', () => {
    expect(overPartition('ntile', [number(4)]).results).toEqual([1, 1, 2, 2, 3, 4])
    expect(overPartition('ntile', [number(10)]).results).toEqual([1, 2, 3, 4, 5, 6])
    expect(() => overPartition('ntile', [number(0)])).toThrow(expect.objectContaining({ number: 1210 }))
  })

  test('LAG and LEAD', () => {
    expect(overPartition('lag').results).toEqual([null, 10, 10, 20, 30, 30])
    expect(overPartition('lead', [number(2)]).results).toEqual([20, 30, 30, 30, null, null])
    const filled = overPartition('lag', [number(1), number(-1)])
    expect(filled.results).toEqual([-1, 10, 10, 20, 30, 30])
    expect(overPartition('lag', [number(0)]).results).toEqual(values)
    expect(() => overPartition('lag', [number(-1)])).toThrow(expect.objectContaining({ number: 1210 }))
  })

  test('values of the frame', () => {
    const frame = (row: number): [number, number] => [Math.max(row - 1, 0), Math.min(row + 2, values.length)]
    expect(overPartition('first_value', [], frame).results).toEqual([10, 10, 10, 20, 30, 30])
    expect(overPartition('last_value', [], frame).results).toEqual([10, 20, 30, 30, 30, 30])
    expect(overPartition('nth_value', [number(3)], frame).results).toEqual([null, 20, 30, 30, 30, null])
    expect(overPartition('first_value', [], () => [3, 3]).results).toEqual(Array(6).fill(null))
  })

  test('two executions of one plan do not disturb each other', () => {
    const definition = windowFunctions.find((each) => each.name === 'rank')
    const evaluate = definition?.bind([], testEnvironment()).compile([])
    if (evaluate === undefined) throw new Error('no rank')
    const [first, second] = [testContext(), testContext()]
    const results: Value[][] = values.map((_, row) => [
      evaluate(partition, row, 0, 6, first),
      evaluate(partition, row, 0, 6, second),
    ])
    expect(results.map(([a]) => a)).toEqual([1, 1, 3, 4, 4, 4])
    expect(results.map(([, b]) => b)).toEqual([1, 1, 3, 4, 4, 4])
  })
})
