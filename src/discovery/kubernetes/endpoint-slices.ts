/** The fields of an EndpointSlice (discovery.k8s.io/v1) that are used here. */
export interface EndpointSlice {
  readonly metadata: {
    readonly name: string
    readonly resourceVersion: string
    readonly labels?: Readonly<Record<string, string>>
  }
  readonly addressType: string
  readonly endpoints?: readonly Endpoint[] | null
}

interface Endpoint {
  readonly addresses: readonly string[]
  /** Missing means unknown, which counts as ready. */
  readonly conditions?: { readonly ready?: boolean; readonly terminating?: boolean }
  readonly targetRef?: { readonly uid?: string }
}

/** Label of an EndpointSlice with the name of its Service. */
export const serviceLabel = 'kubernetes.io/service-name'

/** Last known EndpointSlices of some Services. */
export class EndpointSlices {
  readonly #byName = new Map<string, EndpointSlice>()

  /** Replaces all slices. */
  replace(slices: readonly EndpointSlice[]): void {
    this.#byName.clear()
    for (const slice of slices) this.put(slice)
  }

  put(slice: EndpointSlice): void {
    this.#byName.set(slice.metadata.name, slice)
  }

  remove({ metadata }: EndpointSlice): void {
    this.#byName.delete(metadata.name)
  }

  /** Addresses of pods that take new requests (ready and not terminating), one for each pod. */
  hosts(service: string): ReadonlySet<string> {
    const slices = [...this.#byName.values()]
      .filter(({ metadata, addressType }) => {
        return metadata.labels?.[serviceLabel] === service && addressType !== 'FQDN'
      })
      // a dual-stack pod is in one slice per address family
      .sort((one, other) => one.addressType.localeCompare(other.addressType))
    const byPod = new Map<string, string>()
    for (const { addresses, conditions, targetRef } of slices.flatMap(({ endpoints }) => endpoints ?? [])) {
      const [address] = addresses
      if (address === undefined || conditions?.ready === false || conditions?.terminating === true) continue
      const pod = targetRef?.uid ?? address
      if (!byPod.has(pod)) byPod.set(pod, address)
    }
    return new Set(byPod.values())
  }
}
