// How many orders trouble has cost is never seen, only what came instead. Three counts bear on it, each with its own error:
//   failures   checkouts that failed beyond the usual, times the chance that they would have become an order
//   attempts   what as many attempts lead to in healthy times, minus the orders that came: also sees customers who gave up
//   demand     what as many page views (or this time of day) lead to, minus the orders that came: also sees those who never began
// They are weighed by their precision. One that sees a kind of loss to which another is blind stands alone as soon as the
// two disagree beyond chance. docs/impact.md has the formulas and the measured error.

/** What was counted in one span of time. All counts may be fractions, since increases are extrapolated to the ends of a window. */
export interface Tally {
  readonly orders: number;
  /** Technical failures in the payment step: these customers would have bought unless declined. */
  readonly failedPaying: number;
  /** Technical failures in all other steps. */
  readonly failedElsewhere: number;
  /** Failures that are the customer's, fraud blocks among them. */
  readonly declined: number;
  /** Checkouts that were started; those that ended where the shop does not count starts. */
  readonly attempts: number;
}

/** An expectation and its standard deviation. */
export interface Expected {
  readonly mean: number;
  readonly deviation: number;
}

/** What was counted in the time of trouble and in healthy times. */
export interface LossInputs {
  readonly now: Tally;
  /** Healthy time before the trouble, summed. All zero: not known. */
  readonly usual: Tally;
  /** By how much (as a share, one standard deviation) orders per attempt change from one half-hour to the next by themselves. */
  readonly conversionDrift: number;
  /** Orders to be expected in the time of trouble by what customers did before they started a checkout, or by the clock. */
  readonly demand: Expected | undefined;
  /** Attempts say nothing, because nobody sees them: only `demand` does. */
  readonly isUnseen: boolean;
}

/** An estimate with the range in which the truth lies in about nine cases of ten. Never negative; `low <= mid <= high`. */
export interface Estimate {
  readonly low: number;
  readonly mid: number;
  readonly high: number;
}

/** Orders that trouble has cost. Whole numbers. */
export interface LostOrders {
  readonly lost: Estimate;
  /** Orders of customers whose checkout had failed and who tried again with success meanwhile: not among the lost ones. */
  readonly retried: number;
}

/**
 * Of the customers whose checkout fails for a technical reason, this share tries once more at once; one standard deviation of
 * what is known about that. Page views narrow it where much is failing.
 */
const RETRYING = { mean: 0.4, deviation: 0.12 } as const;
/** 90 % of a normal distribution lie within so many deviations. */
const DEVIATIONS = 1.645;
/** Two counts that differ by more than so many deviations do not count the same kind of loss; page views drift in jumps. */
const DISAGREE = { attempts: 2.2, demand: 3.5 } as const;
/** The chance that a failed checkout would have become an order, where nothing is known about the shop. */
const UNKNOWN_CHANCE: Expected = { mean: 0.8, deviation: 0.1 };

/** What a failed checkout stands for in orders, at the least, in the middle and at the most: for rules, which cannot weigh as this file does. */
export const LOST_PER_FAILURE = { low: 0.5, mid: 0.75, high: 1 } as const;

/** Estimates the orders that were lost. */
export function estimateLoss(inputs: LossInputs): LostOrders {
  const { now, demand, isUnseen } = inputs;
  const byDemand =
    demand === undefined
      ? undefined
      : {
          mean: demand.mean - now.orders,
          deviation: Math.hypot(demand.deviation, Math.sqrt(Math.max(1, demand.mean))),
        };
  if (isUnseen && byDemand !== undefined) return { lost: interval(byDemand), retried: 0 };

  const seen = gross(inputs);
  const failing = failures(inputs);
  const share = now.attempts > 0 ? Math.min(1, failing.count / now.attempts) : 0.5;
  const wanted = Math.min(seen.mean, failing.orders.mean);
  const again = (of: number) => (wanted * of) / (1 + of * share);
  const retried = Math.max(0, again(RETRYING.mean));
  const unsure = (again(RETRYING.mean + RETRYING.deviation) - again(RETRYING.mean - RETRYING.deviation)) / 2;
  const net = { mean: seen.mean - retried, deviation: Math.hypot(seen.deviation, unsure) };
  if (byDemand === undefined) return { lost: interval(net), retried: Math.round(retried) };

  const gap = (byDemand.mean - net.mean) / Math.hypot(byDemand.deviation, net.deviation);
  if (gap > DISAGREE.demand) return { lost: interval(byDemand), retried: Math.round(retried) };
  // Everybody who failed could have been a customer who had failed before.
  const least = seen.mean - wanted;
  const isBelow = byDemand.mean < least - DISAGREE.demand * Math.hypot(byDemand.deviation, seen.deviation);
  if (isBelow) return { lost: interval(net), retried: Math.round(retried) };
  const both = weighed(net, byDemand);
  // Where the two hardly agree, the truth may be anywhere between them.
  const strain = Math.max(1, Math.abs(gap) / DEVIATIONS);
  return {
    lost: interval({ ...both, deviation: both.deviation * strain }),
    retried: Math.max(0, Math.round(seen.mean - Math.max(0, both.mean))),
  };
}

/** Orders that did not come of the attempts that were made, retries not yet taken off. */
function gross(inputs: LossInputs): Expected {
  const { now, usual, conversionDrift } = inputs;
  const byFailures = failures(inputs).orders;
  if (usual.attempts < 1 || usual.orders < 1 || now.attempts <= 0) return byFailures;
  const conversion = Math.min(1, usual.orders / usual.attempts);
  // Attempts that end in a decline beyond the usual are somebody trying out cards, not customers that the shop has lost.
  const extraDeclines = now.declined - (usual.declined / usual.orders) * now.orders;
  const testing = extraDeclines > 3 * Math.sqrt(now.declined - extraDeclines + 1) ? extraDeclines : 0;
  const attempts = Math.max(0, now.attempts - testing);
  const missing = conversion * attempts - now.orders;
  const chance = Math.sqrt((1 - conversion) ** 2 * now.orders + conversion ** 2 * Math.max(0, attempts - now.orders));
  const learnt = attempts * Math.sqrt((conversion * (1 - conversion)) / usual.attempts);
  const drift = attempts * conversion * conversionDrift;
  const byAttempts = { mean: missing, deviation: Math.max(1, Math.hypot(chance, learnt, drift)) };
  const gap = (byAttempts.mean - byFailures.mean) / Math.hypot(byAttempts.deviation, byFailures.deviation);
  return gap > DISAGREE.attempts ? byAttempts : weighed(byAttempts, byFailures);
}

/** Technical failures beyond the usual, and the orders that would have come of them. */
function failures({ now, usual }: LossInputs): { count: number; orders: Expected } {
  const usualRate = (failed: number) => (usual.attempts >= 1 ? failed / usual.attempts : 0);
  const paying = Math.max(0, now.failedPaying - usualRate(usual.failedPaying) * now.attempts);
  const elsewhere = Math.max(0, now.failedElsewhere - usualRate(usual.failedElsewhere) * now.attempts);
  const chance = chances(usual);
  const mean = paying * chance.paying.mean + elsewhere * chance.elsewhere.mean;
  const deviation = Math.hypot(
    Math.sqrt(now.failedPaying) * chance.paying.mean,
    Math.sqrt(now.failedElsewhere) * chance.elsewhere.mean,
    paying * chance.paying.deviation,
    elsewhere * chance.elsewhere.deviation,
    1,
  );
  return { count: paying + elsewhere, orders: { mean, deviation } };
}

/**
 * The chance that a failed checkout would have become an order: whoever was about to pay would at worst have been declined;
 * of those who fail in another step it is not known whether they had still to decide.
 */
function chances(usual: Tally): { paying: Expected; elsewhere: Expected } {
  if (usual.orders < 1) return { paying: UNKNOWN_CHANCE, elsewhere: UNKNOWN_CHANCE };
  const paying = usual.orders / (usual.orders + usual.declined);
  const atStart = usual.attempts >= 1 ? Math.min(paying, usual.orders / usual.attempts) : paying * 0.7;
  return {
    paying: { mean: paying, deviation: 0.03 },
    elsewhere: { mean: (paying + atStart) / 2, deviation: Math.max(0.03, (paying - atStart) / Math.sqrt(12)) },
  };
}

/** Two independent estimates of the same thing, by inverse variance. */
function weighed(a: Expected, b: Expected): Expected {
  const [weightA, weightB] = [1 / a.deviation ** 2, 1 / b.deviation ** 2];
  return {
    mean: (a.mean * weightA + b.mean * weightB) / (weightA + weightB),
    deviation: 1 / Math.sqrt(weightA + weightB),
  };
}

/** Whole orders in which the truth lies in about nine cases of ten. */
export function interval({ mean, deviation }: Expected): Estimate {
  return {
    low: Math.max(0, Math.floor(mean - DEVIATIONS * deviation)),
    mid: Math.max(0, Math.round(mean)),
    high: Math.max(0, Math.ceil(mean + DEVIATIONS * deviation)),
  };
}
