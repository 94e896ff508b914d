// For `node --import`: sets the plant that the environment names before the server is loaded. A
// name of its own, since the server refuses settings that it does not know.

import { type Plant, plant } from '../support/plants.ts'

const text = process.env['CRASH_PLANT']
if (text !== undefined) plant(JSON.parse(text) as Plant)
