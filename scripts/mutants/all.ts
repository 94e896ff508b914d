// Every mutant, in the order in which they are tried.

import { ACCESS_MUTANTS } from './access.ts'
import { CODEC_MUTANTS } from './codec.ts'
import { FRONT_MUTANTS } from './front.ts'
import type { Mutant } from './mutant.ts'
import { SESSION_MUTANTS } from './session.ts'
import { STORAGE_MUTANTS } from './storage.ts'
import { TREE_MUTANTS } from './tree.ts'

export const AREAS: readonly (readonly [area: string, mutants: readonly Mutant[]])[] = [
  ['codec', CODEC_MUTANTS],
  ['tree', TREE_MUTANTS],
  ['session', SESSION_MUTANTS],
  ['front', FRONT_MUTANTS],
  ['storage', STORAGE_MUTANTS],
  ['access', ACCESS_MUTANTS],
]

export const MUTANTS: readonly Mutant[] = AREAS.flatMap(([, mutants]) => mutants)
