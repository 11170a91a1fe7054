import { Executor, requests } from 'millrace'

/** Looks at nothing and changes nothing: what remains is the road. */
export class NoOp extends Executor {
  @requests
  passOn(): void {}
}

/** Blocks its replica for 20 ms without using CPU, as a native call or a device does. */
export class Waiting extends Executor {
  readonly #cell = new Int32Array(new SharedArrayBuffer(4))

  @requests
  wait(): void {
    Atomics.wait(this.#cell, 0, 0, 20)
  }
}

/** Waits 20 ms a request; its first replica ten times as long. */
export class OneSlow extends Executor {
  @requests
  async wait(): Promise<void> {
    await pause(this.runtimeArgs.replica === 0 ? 200 : 20)
  }
}

/** Waits 20 ms a request, one request after the other. */
export class Pacing extends Executor {
  @requests
  async wait(): Promise<void> {
    await pause(20)
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
