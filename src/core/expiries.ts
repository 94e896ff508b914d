// Which topics expire, the next one first: a binary heap in which each topic knows its place, so
// that one can be changed or removed without a scan. Does not know what expires, nor the time.

import type { Topic } from './topic.ts'

interface Due {
  readonly topic: Topic
  readonly atMs: number
  index: number
}

export class Expiries {
  readonly #heap: Due[] = []
  readonly #byTopic = new Map<Topic, Due>()

  get size(): number {
    return this.#heap.length
  }

  /** The topic that is due first, if it is due by `nowMs`. */
  due(nowMs: number): Topic | undefined {
    const first = this.#heap[0]
    return first !== undefined && first.atMs <= nowMs ? first.topic : undefined
  }

  /** Sets or changes when the topic is due. */
  set(topic: Topic, atMs: number): void {
    this.delete(topic)
    const due: Due = { topic, atMs, index: this.#heap.length }
    this.#byTopic.set(topic, due)
    this.#heap.push(due)
    this.#rise(due)
  }

  delete(topic: Topic): void {
    const due = this.#byTopic.get(topic)
    if (due === undefined) return
    this.#byTopic.delete(topic)
    const last = this.#heap.pop()
    if (last === undefined || last === due) return
    // The last one fills the gap, and may be out of order there in either direction.
    this.#place(last, due.index)
    this.#rise(last)
    this.#sink(last)
  }

  #rise(due: Due): void {
    for (;;) {
      const parent = this.#heap[(due.index - 1) >> 1]
      if (parent === undefined || parent.atMs <= due.atMs) return
      this.#swap(due, parent)
    }
  }

  #sink(due: Due): void {
    for (;;) {
      const left = this.#heap[due.index * 2 + 1]
      const right = this.#heap[due.index * 2 + 2]
      if (left === undefined) return
      const child = right !== undefined && right.atMs < left.atMs ? right : left
      if (due.atMs <= child.atMs) return
      this.#swap(due, child)
    }
  }

  #swap(one: Due, other: Due): void {
    const { index } = one
    this.#place(one, other.index)
    this.#place(other, index)
  }

  #place(due: Due, index: number): void {
    due.index = index
    this.#heap[index] = due
  }
}
