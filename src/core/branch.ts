// The children of a node in a trie of topic levels, kept small: most nodes have none or one, and a
// Map for each would cost several times the node itself. Knows nothing of wildcards.

/** None, one, or several by level and in order of coming. */
export type Children<N extends { readonly level: string }> = Map<string, N> | N | undefined

/** The child for the level that stands in `text` from `start` up to `end`. */
export function childAt<N extends { readonly level: string }>(
  children: Children<N>,
  text: string,
  start: number,
  end: number,
): N | undefined {
  if (children === undefined) return undefined
  if (children instanceof Map) return children.get(text.slice(start, end))
  const { level } = children
  return level.length === end - start && text.startsWith(level, start) ? children : undefined
}

/** The children with one more, whose level none of them has. May change and return the same Map. */
export function withChild<N extends { readonly level: string }>(
  children: Children<N>,
  child: N,
): Children<N> {
  if (children === undefined) return child
  if (children instanceof Map) return children.set(child.level, child)
  return new Map([
    [children.level, children],
    [child.level, child],
  ])
}

/** The children without one of them. A Map stays one until it is empty: somebody may iterate it. */
export function withoutChild<N extends { readonly level: string }>(
  children: Children<N>,
  child: N,
): Children<N> {
  if (!(children instanceof Map)) return undefined
  children.delete(child.level)
  return children.size === 0 ? undefined : children
}

/** The children in order of coming. What is removed meanwhile does not come, what is added may. */
export function iterate<N extends { readonly level: string }>(children: Children<N>): Iterator<N> {
  if (children === undefined) return [].values()
  return children instanceof Map ? children.values() : [children].values()
}

/** Where the level that begins at `start` ends: at the next `/` or at the end of the text. */
export function endOfLevel(text: string, start: number): number {
  const slash = text.indexOf('/', start)
  return slash < 0 ? text.length : slash
}
