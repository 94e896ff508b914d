// Loaded into a server's process before the program (`node --import`), it measures how late the
// event loop is between the parent's messages `lag begins` and `lag ends`, and answers the second.

import { monitorEventLoopDelay } from 'node:perf_hooks'

/** Milliseconds beyond what the timer itself takes. */
export interface Lag {
  readonly p50: number
  readonly p90: number
  readonly p99: number
  readonly p999: number
  readonly max: number
  readonly samples: number
}

/** How often it looks: rarely enough to cost nothing. */
const EVERY_MS = 5

const histogram = monitorEventLoopDelay({ resolution: EVERY_MS })

process.on('message', (message) => {
  if (message === 'lag begins') {
    histogram.reset()
    histogram.enable()
  } else if (message === 'lag ends') {
    histogram.disable()
    process.send?.({ lag: look() })
  }
})
// The program ends by itself, as without this.
process.channel?.unref()

function look(): Lag {
  const beyond = (nanoseconds: number) => Math.max(0, nanoseconds / 1e6 - EVERY_MS)
  const at = (percentile: number) => beyond(histogram.percentile(percentile))
  return {
    p50: at(50),
    p90: at(90),
    p99: at(99),
    p999: at(99.9),
    max: beyond(histogram.max),
    samples: histogram.count,
  }
}
