// A map from topics to values that also finds the topics a filter matches without a scan. Used for
// retained messages and for cached audiences; topic-tree is its mirror image and keeps the filters.

import { type Children, childAt, endOfLevel, iterate, withChild, withoutChild } from './branch.ts'
import type { Topic, TopicFilter } from './topic.ts'

/** Nodes that one step of a search looks at in vain at most. */
export const NODES_IN_VAIN_MAX = 64

/** One level of the topics. */
interface Node<V> {
  readonly level: string
  readonly parent: Node<V> | undefined
  children: Children<Node<V>>
  value: V | undefined
  /** When the value came here first, counted in values; a change of the value leaves it. */
  birth: number
}

export class TopicTrie<V extends object> {
  readonly #root: Node<V> = createNode('', undefined)
  /** The nodes that have a value, so that an exact look-up is one step. */
  readonly #leaves = new Map<string, Node<V>>()
  #births = 0
  #nodes = 0

  get size(): number {
    return this.#leaves.size
  }

  /** How many levels the topics make together, those that they share counted once. */
  get nodes(): number {
    return this.#nodes
  }

  get(topic: Topic): V | undefined {
    return this.#leaves.get(topic)?.value
  }

  /** Sets or replaces the value of the topic. */
  set(topic: Topic, value: V): void {
    let leaf = this.#leaves.get(topic)
    if (leaf === undefined) {
      leaf = this.#nodeFor(topic)
      leaf.birth = this.#births++
      this.#leaves.set(topic, leaf)
    }
    leaf.value = value
  }

  /** Removes the topic, and returns the value that it had. */
  remove(topic: Topic): V | undefined {
    const leaf = this.#leaves.get(topic)
    if (leaf === undefined) return undefined
    const { value } = leaf
    this.#leaves.delete(topic)
    leaf.value = undefined
    let node = leaf
    while (node.parent !== undefined && node.value === undefined && node.children === undefined) {
      node.parent.children = withoutChild(node.parent.children, node)
      this.#nodes -= 1
      node = node.parent
    }
    return value
  }

  /**
   * The values of the topics that the filter matches, found as they are asked for. The trie may
   * change meanwhile: a topic that is there throughout comes exactly once, with the value it then
   * has; one removed meanwhile comes at most once, one that is new does not come.
   *
   * Undefined comes where one step found nothing yet, so that whoever searches can count what it
   * costs, and let others go first.
   */
  matching(filter: TopicFilter): Iterator<V | undefined, undefined> {
    return new Search(this.#root, filter, this.#births)
  }

  /** The topic's node, made where it does not exist yet. */
  #nodeFor(topic: Topic): Node<V> {
    let node = this.#root
    for (let start = 0; start <= topic.length; ) {
      const end = endOfLevel(topic, start)
      let child = childAt(node.children, topic, start, end)
      if (child === undefined) {
        child = createNode(topic.slice(start, end), node)
        this.#nodes += 1
        node.children = withChild(node.children, child)
      }
      node = child
      start = end + 1
    }
    return node
  }
}

/** Nodes that match the filter up to level `depth`, still to be looked at. */
interface Frame<V> {
  readonly nodes: Iterator<Node<V>>
  readonly depth: number
}

/**
 * A depth-first walk that can pause. It need not see nodes that are added, since all values below
 * them are new; and a node cut off while it is being visited has nothing below it any more.
 */
class Search<V extends object> implements Iterator<V | undefined, undefined> {
  readonly #levels: readonly string[]
  readonly #bound: number
  /** At most one frame for each level of the deepest topic. */
  readonly #frames: Frame<V>[]

  constructor(root: Node<V>, filter: TopicFilter, bound: number) {
    this.#levels = filter.split('/')
    this.#bound = bound
    this.#frames = [{ nodes: [root].values(), depth: 0 }]
  }

  next(): IteratorResult<V | undefined, undefined> {
    for (let looked = 0; looked < NODES_IN_VAIN_MAX; looked += 1) {
      const frame = this.#frames.at(-1)
      if (frame === undefined) return { done: true, value: undefined }
      const step = frame.nodes.next()
      if (step.done === true) {
        this.#frames.pop()
        continue
      }
      const value = this.#visit(step.value, frame.depth)
      if (value !== undefined) return { done: false, value }
    }
    return { done: false, value: undefined }
  }

  /** Leaves for later what is below the node, and returns its own value if that matches. */
  #visit(start: Node<V>, startDepth: number): V | undefined {
    let node = start
    let depth = startDepth
    for (;;) {
      const level = this.#levels[depth]
      if (level === '+' || level === '#') {
        // `#` matches the parent too, and then each level below anew: hence the same depth.
        this.#frames.push({ nodes: wildChildren(node), depth: level === '#' ? depth : depth + 1 })
        return level === '#' ? this.#known(node) : undefined
      }
      if (level === undefined) return this.#known(node)
      const child = childAt(node.children, level, 0, level.length)
      if (child === undefined) return undefined
      node = child
      depth += 1
    }
  }

  #known(node: Node<V>): V | undefined {
    return node.birth < this.#bound ? node.value : undefined
  }
}

/** The children that a wildcard matches: at the first level not those with `$`. [MQTT-4.7.2-1] */
function wildChildren<V>(node: Node<V>): Iterator<Node<V>> {
  const children = iterate(node.children)
  return node.parent === undefined ? withoutDollar(children) : children
}

function* withoutDollar<V>(nodes: Iterator<Node<V>>): Generator<Node<V>> {
  for (let step = nodes.next(); step.done !== true; step = nodes.next()) {
    if (!step.value.level.startsWith('$')) yield step.value
  }
}

function createNode<V>(level: string, parent: Node<V> | undefined): Node<V> {
  return { level, parent, children: undefined, value: undefined, birth: 0 }
}
