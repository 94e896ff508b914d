// The signals of a server process: end in order, end at once, reload. What that means is the
// caller's.

import type { Clock } from '../base/clock.ts'

/** The process, or what stands for it in a test. */
export interface SignalSource {
  on(name: NodeJS.Signals, receive: (name: NodeJS.Signals) => void): unknown
}

/** One Ctrl-C reaches us from the terminal and again from npm: within this time they are one. */
const SAME_KEY_MS = 200

export class Signals {
  /** Resolves with the name of the first SIGTERM or SIGINT. */
  readonly stop: Promise<NodeJS.Signals>
  /** Resolves with the name of the second one. */
  readonly stopNow: Promise<NodeJS.Signals>

  constructor(source: SignalSource, clock: Pick<Clock, 'now'>, reload: () => void) {
    const { promise: stop, resolve: resolveStop } = withResolvers()
    const { promise: stopNow, resolve: resolveStopNow } = withResolvers()
    this.stop = stop
    this.stopNow = stopNow

    let firstAtMs: number | undefined
    const receive = (signal: NodeJS.Signals) => {
      const nowMs = clock.now()
      if (firstAtMs === undefined) {
        firstAtMs = nowMs
        resolveStop(signal)
      } else if (signal !== 'SIGINT' || nowMs - firstAtMs > SAME_KEY_MS) resolveStopNow(signal)
    }
    source.on('SIGTERM', receive)
    source.on('SIGINT', receive)
    source.on('SIGHUP', reload)
  }
}

/** Promise.withResolvers, which Node 20 lacks. */
function withResolvers(): {
  promise: Promise<NodeJS.Signals>
  resolve: (signal: NodeJS.Signals) => void
} {
  let resolve: (signal: NodeJS.Signals) => void = () => undefined
  const promise = new Promise<NodeJS.Signals>((settle) => {
    resolve = settle
  })
  return { promise, resolve }
}
