// TODO(merge): gone once nothing in this folder imports it
export type {
  FlowStatus,
  /** @public */
  PodState,
  /** @public */
  PodStatus,
  /** @public */
  StageStatus,
} from '../control/status.js'
