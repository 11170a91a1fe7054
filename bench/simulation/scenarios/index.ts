import type { Scenario } from '../scenario.js'
import { failsFast, hangs } from './black-hole.js'
import { cold, flapping, frozen } from './coming-and-going.js'
import { slowOfFour, slowOfHundred } from './slow.js'
import { steady } from './steady.js'
import { brownOut, burst, lasting } from './too-much.js'

/** In the order of the report. */
export const scenarios: readonly Scenario[] = [
  steady,
  slowOfFour,
  slowOfHundred,
  failsFast,
  hangs,
  flapping,
  frozen,
  burst,
  lasting,
  brownOut,
  cold,
]
