import { run } from './run.ts'
const from = Number(process.argv[2] ?? 1), count = Number(process.argv[3] ?? 1)
let bad = 0
for (let s = from; s < from + count; s++) {
  const o = run(s, process.argv[4] === 't' ? console.log : undefined)
  if (o.violations.length) { bad++; console.log(o.violations.slice(0, 3).join('\n')) }
  if (count < 5) console.log(o.seed, o.hash, o.events, o.letters)
}
console.log(bad)
