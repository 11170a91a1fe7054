/** Objects of the API, with the fields that are used here. */
export interface Live {
  readonly apiVersion?: string
  readonly kind?: string
  readonly metadata: LiveMetadata
}

export interface LiveMetadata {
  readonly name: string
  readonly namespace?: string
  readonly uid?: string
  readonly generation?: number
  readonly resourceVersion?: string
  readonly labels?: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
  readonly creationTimestamp?: string
  readonly deletionTimestamp?: string
}

export interface Condition {
  readonly type: string
  readonly status: string
  readonly reason?: string
  readonly message?: string
  readonly lastTransitionTime?: string
}

/** A Deployment or a StatefulSet. */
export interface Controller extends Live {
  readonly spec: {
    readonly replicas?: number
    readonly template: {
      readonly metadata?: { readonly annotations?: Readonly<Record<string, string>> }
      readonly spec: { readonly containers: readonly Container[] }
    }
  }
  readonly status?: {
    readonly observedGeneration?: number
    readonly replicas?: number
    readonly readyReplicas?: number
    readonly updatedReplicas?: number
    readonly updateRevision?: string
    readonly conditions?: readonly Condition[]
  }
}

export interface Container {
  readonly name: string
  readonly image: string
  readonly args?: readonly string[]
}

export interface Pod extends Live {
  readonly spec?: {
    readonly nodeName?: string
    readonly volumes?: readonly PodVolume[]
    readonly containers?: readonly Container[]
  }
  readonly status?: {
    readonly phase?: string
    readonly reason?: string
    readonly message?: string
    readonly startTime?: string
    readonly conditions?: readonly Condition[]
    readonly containerStatuses?: readonly ContainerStatus[]
  }
}

export interface PodVolume {
  readonly persistentVolumeClaim?: { readonly claimName: string }
}

export interface ContainerStatus {
  readonly name: string
  readonly ready: boolean
  /** The startup probe has succeeded. */
  readonly started?: boolean
  readonly restartCount: number
  readonly image?: string
  readonly state?: ContainerState
  readonly lastState?: ContainerState
}

export interface ContainerState {
  readonly waiting?: { readonly reason?: string; readonly message?: string }
  readonly running?: { readonly startedAt?: string }
  readonly terminated?: {
    readonly exitCode: number
    readonly signal?: number
    readonly reason?: string
    readonly message?: string
    readonly finishedAt?: string
  }
}

export interface Event extends Live {
  readonly involvedObject: { readonly kind?: string; readonly name?: string; readonly uid?: string }
  readonly type?: string
  readonly reason?: string
  readonly message?: string
  readonly count?: number
  readonly lastTimestamp?: string | null
  readonly eventTime?: string | null
}

export interface ConfigMap extends Live {
  readonly data?: Readonly<Record<string, string>>
}

/** Body of an error response. */
export interface ApiStatus {
  readonly message?: string
  readonly reason?: string
  readonly details?: {
    readonly kind?: string
    readonly name?: string
    readonly causes?: readonly {
      readonly reason?: string
      readonly field?: string
      readonly message?: string
    }[]
  }
}
