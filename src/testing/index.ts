/** Entry point `millrace/testing`: tools to test that a service survives failures. */
export { type Action, actions } from './actions.js'
export { burst, type BurstOptions, type BurstReport } from './burst.js'
export { type Aim, type Faults, faults, type FaultsOptions, type Hit } from './faults.js'
export { expectNothingLeft, type Leftovers, leftovers } from './leftovers.js'
export { seeded } from '../lib/seeded.js'
export { type RandomScript, randomScript, type RandomScriptOptions } from './random-script.js'
export { LossError, type LossReport } from './report.js'
export { expectZeroLoss, type LossOptions, type Scene, type Script } from './zero-loss.js'
