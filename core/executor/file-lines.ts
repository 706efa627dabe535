/**
 * The lines of a file as rows, for LOAD DATA.
 */
import { Batch } from '../common/batch.js'
import type { MaybePromise } from '../common/value.js'
import type { FileNode } from '../plan/logical.js'
import type { CompiledNode, Execution, Operator } from './execution.js'
import { HeldMemory } from './held-memory.js'
import { TextFileReader } from './text-file-reader.js'

export function compileFile(node: FileNode): CompiledNode {
  return { output: node.output, open: (execution) => new FileOperator(node, execution) }
}

class FileOperator implements Operator {
  private readonly reader: TextFileReader
  private readonly output: Batch
  private readonly memory: HeldMemory
  private source: AsyncIterator<Uint8Array> | undefined
  private isOver = false
  private abandon: ((reason: unknown) => void) | undefined

  constructor(
    node: FileNode,
    private readonly execution: Execution,
  ) {
    this.reader = new TextFileReader(node.format, node.output.length - 1, node.widths)
    this.output = Batch.ofTypes(node.output.map((column) => column.type))
    this.memory = new HeldMemory(execution.statement, 'a line of a file')
  }

  next(): MaybePromise<Batch | undefined> {
    this.output.clear()
    return this.readOn()
  }

  private readOn(): MaybePromise<Batch | undefined> {
    const outcome = this.isOver ? 'end' : this.reader.read(this.output)
    this.memory.hold(this.reader.heldBytes)
    // What the batch shows lies where more bytes would go.
    if (outcome === 'more' && this.output.rowCount === 0) return this.fetch().then(() => this.readOn())
    if (outcome === 'end') this.isOver = true
    return this.output.rowCount > 0 ? this.output : undefined
  }

  /** Waits for as many bytes as are worth reading on. */
  private async fetch(): Promise<void> {
    this.source ??= this.open()
    do {
      const piece = await this.nextPiece(this.source)
      this.execution.statement.checkKilled()
      if (piece.done === true) this.reader.finish()
      else this.reader.push(piece.value)
    } while (!this.reader.hasEnough)
  }

  private open(): AsyncIterator<Uint8Array> {
    const { statement, environment } = this.execution
    const source = environment.readFile(statement)
    statement.signal.addEventListener('abort', this.onAbort)
    return source
  }

  /** A client may keep us waiting; KILL doesn't. */
  private nextPiece(source: AsyncIterator<Uint8Array>): Promise<IteratorResult<Uint8Array, unknown>> {
    return new Promise((resolve, reject) => {
      this.abandon = reject
      source.next().then(resolve, reject)
    })
  }

  private readonly onAbort = (): void => {
    this.abandon?.(this.execution.statement.signal.reason)
  }

  async close(): Promise<void> {
    this.memory.release()
    this.execution.statement.signal.removeEventListener('abort', this.onAbort)
    // Whoever sends a file sends all of it before it listens to an answer.
    await this.source?.return?.()
  }
}
