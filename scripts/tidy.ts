// The house's own checks, which no compiler or lint knows: layers, sizes, names and bans. It reads
// every TypeScript file and reports; it changes nothing. `npm run check` runs it.

import { readFileSync } from 'node:fs'
import { glob } from 'node:fs/promises'
import { join, sep } from 'node:path'
import { checkCycles, checkLayers } from './tidy/layers.ts'
import { checkFile } from './tidy/rules.ts'
import { type Finding, parseSource } from './tidy/source.ts'

/** Checks files given as path and text, so that its test can plant violations in memory. */
export function tidy(files: ReadonlyMap<string, string>): Finding[] {
  const sources = [...files].map(([path, text]) => parseSource(path, text))
  const findings = sources.flatMap((source) => [...checkLayers(source), ...checkFile(source)])
  return [...findings, ...checkCycles(sources)]
}

/** All TypeScript of the checkout. Fails when there is little, which means a wrong folder. */
export async function readFiles(root: string): Promise<Map<string, string>> {
  const files = new Map<string, string>()
  for await (const name of glob('{src,test,bench,scripts}/**/*.ts', { cwd: root })) {
    files.set(name.split(sep).join('/'), readFileSync(join(root, name), 'utf8'))
  }
  if (files.size < 10) throw new Error(`only ${files.size} files found in ${root}`)
  return files
}

if (import.meta.main) {
  const files = await readFiles(join(import.meta.dirname, '..'))
  const findings = tidy(files)
  for (const { path, line, rule, message } of findings) {
    console.log(`${path}:${line}: ${rule}: ${message}`)
  }
  console.log(`tidy: ${files.size} files, ${findings.length} findings`)
  if (findings.length > 0) process.exitCode = 1
}
