import type { FlowPlan, StagePlan } from '../plan/flow-plan.js'
import { findInterpreter } from '../pods/python/interpreter.js'

/** The interpreter of a stage whose Executor is in Python. @throws INVALID_OPTION, MODULE_NOT_FOUND */
export function interpreterOf({ settings }: FlowPlan, { python, name }: StagePlan): string {
  const owner = python === null && settings.python !== null ? 'Flow' : `stage '${name}'`
  return findInterpreter(python ?? settings.python, owner, { env: process.env, cwd: process.cwd() })
}
