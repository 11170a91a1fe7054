/** What stands above the tables. */
export const introduction = `# Balancing, simulated

The balancer, retries, hedges, budgets, ejection and liveness of a gateway, and the autoscaler: the code that is shipped,
under a virtual clock and with seeded random numbers. Only the replicas are not real.

\`npm run simulate\` writes this file, the same bytes on every run; \`npm run simulate -- --check\` says whether it is up to
date. So a change of policy shows here as a diff.

**How to read it.** Latencies are virtual milliseconds of answered requests; what was refused (RESOURCE_EXHAUSTED) or failed
has none, so read them together. *At the bad*: share of all tries that went to the replicas which the scenario breaks.
*Tries*: hops for each request, hedges among them. A replica works on one request at a time, 20 ms and exponentially
distributed 30 ms more; one try in 200 takes ten times as long. Requests come at random (Poisson), whether or not others were
answered. Every policy meets the same requests at the same times. This is one seed: of five,
the largest p99 of a policy was up to 1.4 times the smallest, and the largest p99.9 up to 2.8 times (power of two, one slow of
four), so smaller differences in one table may be chance.

**Policies.** A replica says how many requests it should have at once, and the rest waits in the gateway (*no window*: it
gets all at once, as at most gateways). All retry as a stage does that sets no option. *Power of two* is the preset: of two replicas at random the one
with the smaller requests in flight × average latency, or fewer in flight where latencies are alike. *Two choices, in flight only* and *least cost of all*
are not shipped: they show what the latency adds, and what it costs to look at only two. *No ejection*: failing replicas never rest. *Hedged*: a second try after the 95th percentile, for at
most 5 % of the requests.`
