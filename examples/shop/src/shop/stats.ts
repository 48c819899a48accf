/** What really happened since the start: the truth that a watch's figures can be compared with. Money in major units. */
export interface ShopStats {
  /** Views of the checkout page. */
  readonly pageViews: number;
  readonly attempts: number;
  readonly orders: number;
  readonly orderValue: number;
  /** Attempts that ended in a technical failure, and what was in those carts. */
  readonly failed: number;
  readonly failedValue: number;
  readonly declined: number;
  readonly fraudBlocked: number;
  readonly actionRequired: number;
  readonly abandoned: number;
  /** Attempts that have not ended yet. */
  readonly open: number;
}

/** Counts for `ShopStats`, in cents so that sums are exact. */
export class Tally {
  pageViews = 0;
  attempts = 0;
  orders = 0;
  orderCents = 0;
  failed = 0;
  failedCents = 0;
  declined = 0;
  fraudBlocked = 0;
  actionRequired = 0;
  abandoned = 0;

  countFailure(failureClass: 'technical' | 'customer' | 'fraud' | 'action_required', valueCents: number): void {
    switch (failureClass) {
      case 'technical':
        this.failed++;
        this.failedCents += valueCents;
        break;
      case 'customer':
        this.declined++;
        break;
      case 'fraud':
        this.fraudBlocked++;
        break;
      case 'action_required':
        this.actionRequired++;
        break;
    }
  }

  read(open: number): ShopStats {
    const { orderCents, failedCents, ...counts } = this;
    return { ...counts, orderValue: orderCents / 100, failedValue: failedCents / 100, open };
  }
}
