/** Called with the current hosts: first at the start, then after each change. */
export type OnHosts = (hosts: ReadonlySet<string>) => void

/** Tracks the servers behind one host name. */
export interface HostSource {
  /** Starts; resolves after the first result was reported, or when there is none. Never rejects. */
  open(found: OnHosts): Promise<void>
  /** Stops reporting. */
  close(): void
}
