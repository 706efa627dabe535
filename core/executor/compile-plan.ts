/**
 * Picks operators for a logical plan and compiles its expressions. The result has no state: it is kept with the plan and opened
 * for each execution.
 */
import type { Evaluator } from '../common/evaluation.js'
import { compileExpression, type ExpressionLayout } from '../functions/compile-expression.js'
import type { AggregateCall, ColumnId, Expression, FrameBound, WindowCall } from '../plan/expression.js'
import type {
  AggregateNode,
  JoinNode,
  LimitNode,
  LogicalNode,
  OutputColumn,
  SortNode,
  WindowNode,
} from '../plan/logical.js'
import { sameType } from '../common/sql-type.js'
import type { Fragment } from '../spi/fragment.js'
import { compileAggregate, type CompiledAggregate } from './aggregate.js'
import { columnPositions, type CompiledNode } from './execution.js'
import { compileFile } from './file-lines.js'
import { compileFragment, compileVirtual } from './foreign.js'
import { boundKey } from './bound-keys.js'
import { compileHashJoin } from './hash-join.js'
import { splitCondition } from './join-equalities.js'
import type { JoinParts } from './join-operator.js'
import { compileCorrelatedLoop, compileNestedLoop } from './loop-joins.js'
import { storing } from './row-builder.js'
import type { KeyColumn } from './row-keys.js'
import {
  compileFilter,
  compileLimit,
  compileProject,
  compileRename,
  compileValues,
  type Projection,
} from './row-operators.js'
import { compileScan, isForeignScan } from './scan.js'
import {
  compileDistinct,
  compileRecursive,
  compileSetDifference,
  compileShared,
  compileUnionAll,
  compileWorkTable,
} from './set-operators.js'
import { compileSort } from './sort.js'
import { SubqueryCompiler } from './subqueries.js'
import { compileWindow, type CompiledBound, type CompiledWindowCall } from './window.js'

export interface PlanCompilerOptions {
  /** Shape of the driver behind a storage name. */
  readonly shapeOf: (storage: string) => 'keyspace' | 'table'
  /** Takes the place of each compiled node: EXPLAIN ANALYZE measures what they do. */
  readonly observe?: (node: LogicalNode, compiled: CompiledNode) => CompiledNode
}

export function compilePlan(root: LogicalNode, options: PlanCompilerOptions): CompiledNode {
  return new PlanCompiler(options, new Map(), new Map()).compile(root)
}

/** An expression compiler with its sub-queries, for one operator. */
interface Compiler {
  readonly subqueries: SubqueryCompiler
  readonly layout: ExpressionLayout
  compile(expression: Expression): ReturnType<typeof compileExpression>
}

export class PlanCompiler {
  constructor(
    private readonly options: PlanCompilerOptions,
    private readonly correlated: ReadonlyMap<ColumnId, number>,
    private readonly shared: Map<number, CompiledNode>,
  ) {}

  compile(node: LogicalNode): CompiledNode {
    const compiled = this.compileNode(node)
    return this.options.observe?.(node, compiled) ?? compiled
  }

  private compileNode(node: LogicalNode): CompiledNode {
    switch (node.kind) {
      case 'scan': {
        const { layout } = this.expressions([])
        return compileScan(node, layout, isForeignScan(node, this.options.shapeOf))
      }
      case 'values': {
        const compiler = this.expressions([])
        const rows = node.rows.map((row, number) =>
          row.map((each, i) => {
            const column = node.storedIn?.[i]
            const evaluate = compiler.compile(each)
            return column === undefined ? evaluate : storing(evaluate, each.type, column, number + 1)
          }),
        )
        return compileValues(node.output, rows, compiler.subqueries)
      }
      case 'virtual': {
        const { layout } = this.expressions([])
        return compileVirtual(node, layout)
      }
      case 'file':
        return compileFile(node)
      case 'filter': {
        const input = this.compile(node.input)
        const compiler = this.expressions(input.output)
        return compileFilter(input, compiler.compile(node.condition), compiler.subqueries)
      }
      case 'project':
        return this.project(node)
      case 'join':
        return this.join(node)
      case 'aggregate':
        return this.aggregate(node)
      case 'window':
        return this.window(node)
      case 'sort':
        return this.sort(node)
      case 'limit': {
        const [count, offset] = this.limits(node)
        return compileLimit(this.compile(node.input), count, offset, node.countAll)
      }
      case 'distinct':
        return compileDistinct(this.compile(node.input))
      case 'set operation': {
        const inputs = node.inputs.map((input) => this.compile(input))
        if (node.operation === 'union') {
          const union = compileUnionAll(inputs, node.output)
          return node.all ? union : compileDistinct(union)
        }
        const { operation, all, output } = node
        return inputs.reduce((left, right) => compileSetDifference(operation, all, left, right, output))
      }
      case 'shared': {
        const positions = columnPositions(node.input.output)
        return compileShared(
          node.shareId,
          () => this.sharedInput(node.shareId, node.input),
          node.output,
          node.columns.map((column) => position(positions, column)),
        )
      }
      case 'recursive': {
        const [count, offset] = this.limits(node.limit)
        return compileRecursive({
          workId: node.workId,
          name: node.name,
          seed: this.compile(node.seed),
          step: this.compile(node.step),
          seedPositions: positionsOf(node.seed.output, node.seedColumns),
          stepPositions: positionsOf(node.step.output, node.stepColumns),
          distinct: node.distinct,
          ...{ count, offset },
          output: node.output,
        })
      }
      case 'work table':
        return compileWorkTable(node.workId, node.output)
      case 'rename':
        return compileRename(
          this.compile(node.input),
          node.output,
          positionsOf(node.input.output, node.columns),
        )
      case 'fragment': {
        const fragment: Fragment = {
          root: node.root,
          columns: node.output.map(({ id, type }) => ({ id, type })),
        }
        return compileFragment(node, fragment, () => this.compile(node.root))
      }
    }
  }

  private sort(node: SortNode): CompiledNode {
    const distinct = node.input.kind === 'distinct' && sortsByAll(node, node.input.output)
    const input = this.compile(node.input.kind === 'distinct' && distinct ? node.input.input : node.input)
    const positions = columnPositions(input.output)
    const compiler = this.expressions(input.output)
    const keys = node.keys.map(({ expression, descending }) => ({
      type: expression.type,
      descending,
      evaluate: compiler.compile(expression),
      column: expression.kind === 'column' ? positions.get(expression.column) : undefined,
    }))
    const top = node.top === undefined ? undefined : this.expressions([]).compile(node.top)
    return compileSort({ input, keys, top, distinct, subqueries: compiler.subqueries })
  }

  /** A shared sub-plan reads nothing of its surroundings, so all references use one compiled plan. */
  private sharedInput(shareId: number, input: LogicalNode): CompiledNode {
    let compiled = this.shared.get(shareId)
    if (compiled === undefined) {
      compiled = new PlanCompiler(this.options, new Map(), this.shared).compile(input)
      this.shared.set(shareId, compiled)
    }
    return compiled
  }

  private expressions(columns: readonly OutputColumn[]): Compiler {
    const subqueries = new SubqueryCompiler((plan, correlated) =>
      new PlanCompiler(this.options, correlated, this.shared).compile(plan),
    )
    const layout: ExpressionLayout = {
      columns: columnPositions(columns),
      correlated: this.correlated,
      subquery: (expression, need) => subqueries.compile(expression, layout, need),
    }
    return { subqueries, layout, compile: (expression) => compileExpression(expression, layout) }
  }

  private keyColumns(compiler: Compiler, expressions: readonly Expression[]): readonly KeyColumn[] {
    return expressions.map((each) => ({ type: each.type, evaluate: compiler.compile(each) }))
  }

  private project(node: Extract<LogicalNode, { kind: 'project' }>): CompiledNode {
    const input = this.compile(node.input)
    const compiler = this.expressions(input.output)
    const projections = node.expressions.map((expression): Projection => {
      if (expression.kind === 'column') {
        const from = compiler.layout.columns.get(expression.column)
        const source = from === undefined ? undefined : input.output[from]
        // The vector is taken over only with its very type: metadata and wire encoding go by the vector's type.
        if (from !== undefined && source !== undefined && sameType(source.type, expression.type))
          return { from }
      }
      return { evaluate: compiler.compile(expression) }
    })
    return compileProject(input, node.output, projections, compiler.subqueries)
  }

  // ── Joins ───────────────────────────────────────────────────────────────────────────────────────────────────

  private join(node: JoinNode): CompiledNode {
    const left = this.compile(node.left)
    if (node.correlations.length > 0) return this.correlatedJoin(node, left)
    const right = this.compile(node.right)
    const both = this.expressions([...left.output, ...right.output])
    const { equalities, rest } =
      node.algorithm === 'nested loop' ? { equalities: [], rest: node.condition } : splitCondition(node)
    const parts: JoinParts = {
      type: node.type,
      nullAware: node.nullAware,
      left,
      right,
      output: node.output,
      condition: rest === undefined ? undefined : both.compile(rest),
      subqueries: both.subqueries,
    }
    if (equalities.length === 0 || !both.subqueries.isEmpty) {
      const condition = node.condition === undefined ? undefined : both.compile(node.condition)
      return compileNestedLoop({ ...parts, condition })
    }
    const [leftKeys, rightKeys] = [equalities.map((each) => each.left), equalities.map((each) => each.right)]
    const keepsUnmatched = node.type === 'left' || node.type === 'anti'
    // Where either side can be told keys, those of the right one are at hand first: the optimizer puts the smaller one there.
    const boundLeft = keepsUnmatched ? undefined : boundKey(left, leftKeys, rightKeys)
    // What NOT IN says depends on rows of the right side that match none of the left.
    const isRightBound = boundLeft === undefined && !node.nullAware
    return compileHashJoin({
      ...parts,
      boundRight: isRightBound ? boundKey(right, rightKeys, leftKeys) : undefined,
      boundLeft,
      leftKeys: this.keyColumns(this.expressions(left.output), leftKeys),
      rightKeys: this.keyColumns(this.expressions(right.output), rightKeys),
    })
  }

  private correlatedJoin(node: JoinNode, left: CompiledNode): CompiledNode {
    const outerLayout = this.expressions(left.output)
    const outer = node.correlations.map((each) => outerLayout.compile(each.outer))
    // What the surroundings hand in is handed on: the right side may read both.
    const handedOn = [...this.correlated].filter(([id]) => !node.correlations.some((each) => each.id === id))
    const inner = new Map<ColumnId, number>([
      ...node.correlations.map((each, i): [ColumnId, number] => [each.id, i]),
      ...handedOn.map(([id], i): [ColumnId, number] => [id, node.correlations.length + i]),
    ])
    const passOn = handedOn.map(
      ([, slot]) =>
        (_b: unknown, _r: unknown, context: { correlated: readonly unknown[] }) =>
          (context.correlated[slot] ?? null) as null,
    )
    const right = new PlanCompiler(this.options, inner, this.shared).compile(node.right)
    const both = this.expressions([...left.output, ...right.output])
    const parts: JoinParts = {
      type: node.type,
      nullAware: node.nullAware,
      left,
      right,
      output: node.output,
      condition: node.condition === undefined ? undefined : both.compile(node.condition),
      subqueries: both.subqueries,
    }
    return compileCorrelatedLoop(parts, [...outer, ...passOn])
  }

  // ── Aggregation ─────────────────────────────────────────────────────────────────────────────────────────────

  private limits(node: Pick<LimitNode, 'count' | 'offset'> | undefined): readonly (Evaluator | undefined)[] {
    const compiler = this.expressions([])
    return [node?.count, node?.offset].map((each) =>
      each === undefined ? undefined : compiler.compile(each),
    )
  }

  private aggregate(node: AggregateNode): CompiledNode {
    const input = this.compile(node.input)
    const compiler = this.expressions(input.output)
    return compileAggregate({
      input,
      output: node.output,
      keys: this.keyColumns(
        compiler,
        node.groupBy.map((item) => item.expression),
      ),
      aggregates: node.aggregates.map((call) => this.aggregateCall(compiler, call)),
      rollup: node.rollup,
      subqueries: compiler.subqueries,
    })
  }

  private aggregateCall(compiler: Compiler, call: AggregateCall): CompiledAggregate {
    const args = call.arguments.map((argument) => compiler.compile(argument))
    return {
      create: call.binding.compile(args, {
        orderBy: call.orderBy.map((key) => ({
          evaluate: compiler.compile(key.expression),
          type: key.expression.type,
          descending: key.descending,
        })),
        separator: call.separator,
      }),
      distinct: call.distinct ? this.keyColumns(compiler, call.arguments) : undefined,
      ignoresNulls: call.binding.ignoresNulls,
    }
  }

  // ── Windows ─────────────────────────────────────────────────────────────────────────────────────────────────

  private window(node: WindowNode): CompiledNode {
    const input = this.compile(node.input)
    const compiler = this.expressions(input.output)
    return compileWindow({
      input,
      output: node.output,
      partitionBy: this.keyColumns(compiler, node.partitionBy),
      orderBy: node.orderBy.map((key) => ({
        type: key.expression.type,
        descending: key.descending,
        evaluate: compiler.compile(key.expression),
      })),
      calls: node.calls.map((call) => this.windowCall(compiler, call)),
      subqueries: compiler.subqueries,
    })
  }

  private windowCall(compiler: Compiler, call: WindowCall): CompiledWindowCall {
    const args = call.arguments.map((argument) => compiler.compile(argument))
    const { frame } = call
    return {
      window: call.window?.compile(args),
      aggregate: call.aggregate?.compile(args, { orderBy: [], separator: undefined }),
      usesFrame: call.usesFrame,
      unit: frame.unit,
      start: this.frameBound(compiler, frame.start, frame.rangeStart, frame.rangeColumn),
      end: this.frameBound(compiler, frame.end, frame.rangeEnd, frame.rangeColumn),
    }
  }

  private frameBound(
    compiler: Compiler,
    bound: FrameBound,
    limit: Expression | undefined,
    rangeColumn: ColumnId | undefined,
  ): CompiledBound {
    if (!('offset' in bound)) return bound.kind === 'current row' ? bound : { kind: 'unbounded' }
    if (limit !== undefined && rangeColumn !== undefined) {
      const layout: ExpressionLayout = { ...compiler.layout, columns: new Map([[rangeColumn, 0]]) }
      return { kind: 'range', limit: compileExpression(limit, layout), type: limit.type }
    }
    return { kind: 'rows', offset: compiler.compile(bound.offset), sign: bound.kind === 'preceding' ? -1 : 1 }
  }
}

function position(positions: ReadonlyMap<ColumnId, number>, column: ColumnId): number {
  const found = positions.get(column)
  if (found === undefined) throw new Error('invariant: a plan node reads only columns of its input')
  return found
}

function positionsOf(output: readonly OutputColumn[], columns: readonly ColumnId[]): readonly number[] {
  const positions = columnPositions(output)
  return columns.map((column) => position(positions, column))
}

/** Whether rows are the same exactly if their sort keys are: each column is one of them. */
function sortsByAll(node: SortNode, output: readonly OutputColumn[]): boolean {
  return output.every(({ id }) =>
    node.keys.some(({ expression }) => expression.kind === 'column' && expression.column === id),
  )
}
