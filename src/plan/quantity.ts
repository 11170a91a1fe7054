/** Factors of the suffixes of Kubernetes quantities; `m` is a thousandth. */
const factors: Readonly<Record<string, number>> = {
  ...{ '': 1, m: 1e-3, k: 1e3, M: 1e6, G: 1e9, T: 1e12, P: 1e15, E: 1e18 },
  ...{ Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40, Pi: 2 ** 50, Ei: 2 ** 60 },
}

/** CPUs or bytes of a quantity such as `500m` or `1Gi`; NaN when it is malformed. */
export function amountOf(quantity: string | number): number {
  const [, amount = '', suffix = ''] = /^(\d+(?:\.\d+)?|\.\d+)(\D*)$/.exec(String(quantity)) ?? []
  return Number(amount || Number.NaN) * (factors[suffix] ?? Number.NaN)
}
