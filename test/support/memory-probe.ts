// Loaded into a server's process before the program (`node --import`), it answers each message of
// the parent process with what the memory holds once the garbage is gone. Changes nothing else.

import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** Bytes, as in Node's process.memoryUsage(). */
export interface Memory {
  readonly rss: number
  readonly heapUsed: number
  /** Outside of V8's heap and known to it, array buffers included. */
  readonly external: number
}

setFlagsFromString('--expose-gc')
const gc: unknown = runInNewContext('gc')

function collect(): void {
  if (typeof gc !== 'function') throw new Error('no garbage collector to call')
  Reflect.apply(gc, undefined, [])
}

process.on('message', () => {
  collect()
  // What the first round finalized, such as the handles of sockets, goes with the second.
  setImmediate(() => {
    collect()
    const { rss, heapUsed, external } = process.memoryUsage()
    process.send?.({ rss, heapUsed, external } satisfies Memory)
  })
})
// The program ends by itself, as without this.
process.channel?.unref()
