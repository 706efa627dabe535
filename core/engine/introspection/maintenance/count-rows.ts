/**
 * ANALYZE TABLE for tables in keyspaces: their rows and bytes are counted anew. Commits that happen meanwhile may be counted twice or
 * not at all; the numbers are the optimizer's estimates.
 */
import { walkKeyspace } from '../../../transaction/bulk.js'
import type { TableDefinition } from '../../../plan/schema.js'
import type { ShowContext } from '../show/context.js'

export async function countRows(table: TableDefinition, { services, running }: ShowContext): Promise<void> {
  const { environment } = services.transactions
  const runtime = environment.runtimeOf(table)
  const view = environment.views.current.retain()
  let rows = 0
  let bytes = 0
  try {
    await walkKeyspace(
      view.snapshot(runtime.state),
      runtime.rowKeyspace,
      running,
      (_key, keyStart, keyEnd, _value, start, end) => {
        rows++
        bytes += keyEnd - keyStart + (end - start)
        return true
      },
    )
  } finally {
    view.release()
  }
  environment.sizes.set(runtime, rows, bytes)
}
