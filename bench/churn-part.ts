// `npm run bench -- churn [--full]`: clients that come and go for a minute, or for ten, which must
// leave nothing. Prints Markdown. What they do is churn's.

import { parseArgs } from 'node:util'
import { churn } from './churn.ts'
import { mib, whole } from './figures.ts'

/** Where nothing is left this is the error of the slope. */
const BYTES_PER_LIFE_MAX = 16
const RATE = 100

export async function measure(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: { full: { type: 'boolean', default: false } },
  })
  console.log('| lives | heap | external | RSS |\n| ---: | ---: | ---: | ---: |')
  const outcome = await churn({
    ...{ rate: RATE, seconds: values.full ? 600 : 60 },
    report: ({ lives, heapUsed, external, rss }) => {
      console.log(`| ${lives} | ${mib(heapUsed)} | ${mib(external)} | ${mib(rss)} |`)
    },
  })
  const { lives, bytesPerLife, failures, warnings } = outcome
  console.log(`\n${lives} lives in ${whole(outcome.seconds)} s, ${failures.length} failed.`)
  console.log(`Each left ${bytesPerLife.toFixed(1)} bytes, by the slope of the second half.`)
  for (const text of [...failures.slice(0, 5), ...warnings.slice(0, 5)]) console.log(text)
  // In a minute the engine is still learning; only ten show what is left.
  const isFlat = bytesPerLife <= BYTES_PER_LIFE_MAX
  if (failures.length > 0 || (values.full && !isFlat)) process.exitCode = 1
}
