// Rules by their topic filters, level by level, so that a topic meets only those that match it.

import type { Topic, TopicFilter } from '../core/topic.ts'

interface Node {
  readonly children: Map<string, Node>
  plus: Node | undefined
  /** Rules whose filter ends here. */
  readonly here: number[]
  /** Rules whose filter goes on with `#`. */
  readonly below: number[]
}

export class RuleTrie {
  readonly #root: Node = createNode()

  /** `rule` is its place in the order of the rules. */
  add(filter: TopicFilter, rule: number): void {
    let node = this.#root
    for (const level of filter.split('/')) {
      if (level === '#') {
        node.below.push(rule)
        return
      }
      node = level === '+' ? (node.plus ??= createNode()) : childOf(node, level)
    }
    node.here.push(rule)
  }

  /** Adds the rules that match to `found`, in no order and perhaps more than once. */
  find(topic: Topic, found: number[]): void {
    const levels = topic.split('/')
    // Wildcards at the front do not reach topics with `$` [MQTT-4.7.2-1].
    if (!topic.startsWith('$')) return visit(this.#root, levels, 0, found)
    const child = this.#root.children.get(levels[0] ?? '')
    if (child !== undefined) visit(child, levels, 1, found)
  }
}

function visit(node: Node, levels: readonly string[], depth: number, found: number[]): void {
  found.push(...node.below)
  const level = levels[depth]
  if (level === undefined) {
    found.push(...node.here)
    return
  }
  const child = node.children.get(level)
  if (child !== undefined) visit(child, levels, depth + 1, found)
  if (node.plus !== undefined) visit(node.plus, levels, depth + 1, found)
}

function childOf(node: Node, level: string): Node {
  const child = node.children.get(level) ?? createNode()
  node.children.set(level, child)
  return child
}

function createNode(): Node {
  return { children: new Map(), plus: undefined, here: [], below: [] }
}
