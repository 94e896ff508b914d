// For `node --import`: sets the plant that the environment names before anything else is loaded.

import { type Plant, plant } from './plants.ts'

const text = process.env['RAMEAU_PLANT']
if (text !== undefined) plant(JSON.parse(text) as Plant)
