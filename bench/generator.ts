// Runs a load in a process of its own, so that it does not share a core's time with what it
// measures. Between its messages `begun` and the last one, the server's own figures are taken.

import { spawn } from 'node:child_process'
import { join } from 'node:path'
import type { JournalCounts } from '../test/support/journal-hook.ts'
import type { Broker } from './brokers.ts'
import type { Lag } from './lag-hook.ts'
import type { Measured, Order, Scenario } from './load.ts'

/** A load with what the server told of itself, where it is watched. */
export type Watched<T> = T & {
  readonly lag: Lag | undefined
  /** What was written to the journal meanwhile. */
  readonly journal: JournalCounts | undefined
}

export async function runFlow(
  broker: Broker,
  scenario: Scenario,
  seconds: number,
): Promise<Watched<Measured>> {
  const order: Order = { scenario, port: broker.port, pid: broker.pid, seconds }
  return runLoad(broker, 'load.ts', order, parseMeasured, 60 + seconds)
}

/** `file` gets the order as its argument, and answers with what `parse` makes of it. */
export async function runLoad<T>(
  broker: Broker,
  file: string,
  order: unknown,
  parse: (answer: unknown) => T,
  secondsMax: number,
): Promise<Watched<T>> {
  const child = spawn(process.execPath, [join(import.meta.dirname, file), JSON.stringify(order)], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  const late = setTimeout(() => child.kill('SIGKILL'), secondsMax * 1000)
  try {
    const next = () =>
      new Promise<unknown>((resolve, reject) => {
        child.once('message', resolve)
        child.once('exit', (code, signal) => reject(new Error(`the load: ${code ?? signal}`)))
      })
    await next()
    const { watch } = broker
    const before = await watch?.journal()
    watch?.beginLag()
    child.send('go')
    const answer = parse(await next())
    const lag = await watch?.endLag()
    const after = await watch?.journal()
    return { ...answer, lag, journal: after && before && difference(before, after) }
  } finally {
    clearTimeout(late)
    child.kill('SIGKILL')
  }
}

function difference(before: JournalCounts, after: JournalCounts): JournalCounts {
  return {
    commits: after.commits - before.commits,
    commitBytes: after.commitBytes - before.commitBytes,
  }
}

function parseMeasured(answer: unknown): Measured {
  return answer as Measured
}
