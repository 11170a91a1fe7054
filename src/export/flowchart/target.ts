import type { FlowPlan } from '../../plan/flow-plan.js'
import type { OptionTable } from '../../plan/option.js'
import { flag, oneOf } from '../../plan/option-kinds.js'
import type { ExportTarget } from '../target.js'
import { chartOf } from './chart.js'
import { layOut } from './layout.js'
import { mermaid } from './mermaid.js'
import { svg } from './svg.js'

export interface FlowchartOptions {
  /** Draw from top to bottom instead of left to right. Default false. */
  readonly vertical: boolean
  /** `mermaid`: Mermaid's language, which GitHub renders. `svg`: a picture. Default `mermaid`. */
  readonly format: 'mermaid' | 'svg'
}

const options: OptionTable<FlowchartOptions> = {
  vertical: flag(false),
  format: oneOf(['mermaid', 'svg'], 'mermaid'),
}

/** A diagram of the Flow. Arrows to what no answer waits for are dotted, and those with a condition say `when`. */
export const flowchart: ExportTarget<FlowPlan, FlowchartOptions> = {
  options,
  async render(plan, { vertical, format }) {
    const chart = chartOf(plan)
    if (format === 'mermaid') return [{ path: 'flow.mmd', text: mermaid(chart, vertical) }]
    return [{ path: 'flow.svg', text: svg(layOut(chart, vertical), plan.settings.name) }]
  },
}
