import type { FlowPlan, StagePlan } from '../plan/flow-plan.js'
import type { PodPython } from '../pods/pod.js'
import { checkPython } from '../pods/python/check.js'
import { findInterpreter } from '../pods/python/interpreter.js'

/** The class of a stage in Python and its interpreter; undefined for other Executors. @throws INVALID_OPTION, MODULE_NOT_FOUND */
export function pythonOf({ settings }: FlowPlan, stage: StagePlan): PodPython | undefined {
  const { source, name, python } = stage
  if (source.kind !== 'python') return undefined
  const { files, module, className } = source
  const owner = python === null && settings.python !== null ? 'Flow' : `stage '${name}'`
  const at = { env: { ...process.env, ...settings.env, ...stage.env }, cwd: process.cwd() }
  return { files, module, className, interpreter: findInterpreter(python ?? settings.python, owner, at) }
}

/** Checks the stages in Python before anything starts. Rejects as `checkPython` does. */
export async function checkPythonStages(plan: FlowPlan, signal: AbortSignal): Promise<void> {
  const stages = plan.stages.flatMap((stage) => {
    const python = pythonOf(plan, stage)
    return python === undefined
      ? []
      : [{ deployment: stage.name, env: { ...plan.settings.env, ...stage.env }, python }]
  })
  if (stages.length > 0) await checkPython(stages, signal)
}
