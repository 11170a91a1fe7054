/** The text above the tables. */
export const introduction = `# Balancing, simulated

The shipped code of a gateway's balancer, retries, hedges, budgets, ejection and liveness, and of the autoscaler,
with a virtual clock and seeded random numbers. Only the replicas are simulated.

\`npm run simulate\` writes this file, the same bytes on every run; \`npm run simulate -- --check\` says whether it is up to
date. So a change of policy shows here as a diff.

**How to read it.** Latencies are virtual milliseconds of answered requests; refused (RESOURCE_EXHAUSTED) and failed requests
have none, so read them together. *At the bad*: share of all tries that went to the replicas that the scenario breaks.
*Tries*: hops per request, hedges included. A replica works on one request at a time, for 20 ms plus an exponentially
distributed 30 ms; one try in 200 takes ten times as long. Requests arrive at random (Poisson), whether or not others were
answered. Every policy meets the same requests at the same times. This is one seed: of five,
the largest p99 of a policy was up to 1.4 times the smallest, and the largest p99.9 up to 2.8 times (power of two, one slow of
four), so smaller differences in one table may be chance.

**Policies.** A replica reports how many requests it should have at once, and others wait in the gateway (*no window*: it
gets all at once, as in most gateways). All retry with the default options of a stage. *Power of two* is the default: of two random replicas the one
with the smaller requests in flight × average latency, or with fewer in flight if latencies are similar. *Two choices, in flight only* and *least cost of all*
are not shipped: they show the benefit of the latency, and the cost of comparing only two. *No ejection*: failing replicas are never ejected. *Hedged*: a second try after the 95th percentile, for at
most 5 % of the requests.`
