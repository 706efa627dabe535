/**
 * A plan as text, one operator a line (EXPLAIN FORMAT=TREE).
 */
import type { LogicalNode } from '../plan/logical.js'

export function explainTree(node: LogicalNode): readonly string[] {
  const lines: string[] = []
  const visit = (each: LogicalNode, depth: number): void => {
    lines.push(`${'    '.repeat(depth)}-> ${describe(each)}`)
    for (const child of childrenOf(each)) visit(child, depth + 1)
  }
  visit(node, 0)
  return lines
}

export function childrenOf(node: LogicalNode): readonly LogicalNode[] {
  switch (node.kind) {
    case 'scan':
    case 'values':
    case 'virtual':
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

function describe(node: LogicalNode): string {
  switch (node.kind) {
    case 'scan':
      return `Scan ${node.alias}`
    case 'filter':
      return `Filter: ${node.condition.text}`
    default:
      return node.kind
  }
}
