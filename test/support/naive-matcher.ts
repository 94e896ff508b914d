// The rules of matching and merging in their plainest form, to judge the real ones by: level by
// level, subscription by subscription, remembering nothing.

import type { Subscriber, Subscription } from '../../src/core/subscription.ts'

/** Whether the filter matches the topic. */
export function naiveMatches(filter: string, topic: string): boolean {
  if (topic.startsWith('$') && /^[+#]/.test(filter)) return false
  return matchLevels(filter.split('/'), topic.split('/'))
}

function matchLevels(filter: readonly string[], topic: readonly string[]): boolean {
  if (filter.length === 1 && filter[0] === '#') return true
  if (filter.length === 0 || topic.length === 0) return filter.length === topic.length
  const [level, ...deeper] = filter
  return (level === '+' || level === topic[0]) && matchLevels(deeper, topic.slice(1))
}

export interface NaiveMatch {
  readonly qos: number
  readonly retainAsPublished: boolean
  readonly ids: readonly number[]
}

export interface NaiveListener {
  readonly subscriber: Subscriber
  readonly match: NaiveMatch
  readonly ownMatch: NaiveMatch | undefined
}

/** The audience of the topic; `subscriptions` are in the order in which they were first made. */
export function naiveAudience(
  subscriptions: readonly Subscription[],
  topic: string,
): readonly NaiveListener[] {
  const matching = subscriptions.filter(({ filter }) => naiveMatches(filter, topic))
  const subscribers = [...new Set(matching.map(({ subscriber }) => subscriber))]
  return subscribers.map((subscriber) => {
    const mine = matching.filter((subscription) => subscription.subscriber === subscriber)
    const others = mine.filter(({ noLocal }) => !noLocal)
    const ownMatch = others.length === 0 ? undefined : naiveMerge(others)
    return { subscriber, match: naiveMerge(mine), ownMatch }
  })
}

function naiveMerge(subscriptions: readonly Subscription[]): NaiveMatch {
  return {
    qos: Math.max(...subscriptions.map(({ qos }) => qos)),
    retainAsPublished: subscriptions.some(({ retainAsPublished }) => retainAsPublished),
    ids: subscriptions.map(({ id }) => id).filter((id) => id !== 0),
  }
}
