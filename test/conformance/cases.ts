// All conformance cases, in the order of the standard.

import type { Case } from '../support/wire-script.ts'
import { FORMAT_CASES } from './mqtt-1-2-format.ts'

export const CASES: readonly Case[] = [...FORMAT_CASES]
