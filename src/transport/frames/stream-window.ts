/** Items of a stream that may be under way before the caller has taken them. */
export const streamWindow = 32
