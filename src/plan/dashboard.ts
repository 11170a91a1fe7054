import type { Option } from './option.js'
import { group, integer, orTrue } from './option-kinds.js'

/** Where the page of a Flow is served: at 127.0.0.1. */
export interface DashboardRules {
  /** 0 lets the system choose. Default 0. */
  readonly port: number
}

/** `dashboard` of a Flow. */
export const dashboardOption: Option<DashboardRules | null> = orTrue(
  group<DashboardRules>({ port: integer(0, 0, 65_535) }, '{ port }'),
)
