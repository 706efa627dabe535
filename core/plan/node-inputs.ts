/** What a plan's node reads from. */
import type { LogicalNode } from './logical.js'

/** The nodes below, in the order in which they are read; sub-queries in expressions aren't among them. */
export function inputsOf(node: LogicalNode): readonly LogicalNode[] {
  switch (node.kind) {
    case 'scan':
    case 'values':
    case 'virtual':
    case 'file':
    case 'work table':
      return []
    case 'join':
      return [node.left, node.right]
    case 'set operation':
      return node.inputs
    case 'recursive':
      return [node.seed, node.step]
    case 'fragment':
      return [node.root]
    default:
      return [node.input]
  }
}
