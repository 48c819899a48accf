/** What the check before a promotion and the report after it say; `MessageTexts` holds them among the other texts. */
export interface PromotionTexts {
  /** The lines of the check, on the page and in messages. */
  readonly promotion_check: {
    readonly topic: Readonly<
      Record<
        | 'targets'
        | 'rules'
        | 'alerts'
        | 'receivers'
        | 'budget'
        | 'load'
        | 'processor'
        | 'pool'
        | 'memory'
        | 'event_loop',
        string
      >
    >;
    /** What has to be scraped for a resource to be known. */
    readonly exporter: Readonly<Record<'processor' | 'pool' | 'memory', string>>;
    readonly finding: Readonly<
      Record<
        | 'targets'
        | 'not_scraped'
        | 'not_counted'
        | 'rules_well'
        | 'rules_unknown'
        | 'one_rule_fails'
        | 'rules_fail'
        | 'one_failure'
        | 'failures'
        | 'no_pages'
        | 'pages'
        | 'delivered'
        | 'never_delivered'
        | 'receivers_unknown'
        | 'no_receivers'
        | 'budget_left'
        | 'budget_spent'
        | 'budget_unknown'
        | 'load'
        | 'no_load'
        | 'not_measured'
        | 'too_little_seen'
        | 'many_cores'
        | 'expected'
        | 'event_loop',
        string
      >
    >;
    readonly to_do: Readonly<
      Record<
        | 'targets'
        | 'not_counted'
        | 'rules'
        | 'self_scrape'
        | 'pages'
        | 'receivers'
        | 'no_receivers'
        | 'budget'
        | 'load_test'
        | 'processor'
        | 'pool'
        | 'memory',
        string
      >
    >;
  };
  /** The message with the check: its first line, the headings of its lists, its link and its last line. */
  readonly promotion_ready: {
    readonly title: string;
    /** Nothing is amiss, but not everything could be checked. */
    readonly title_as_known: string;
    readonly title_one_not_ready: string;
    readonly title_not_ready: string;
    readonly to_do: string;
    readonly not_known: string;
    readonly ready: string;
    readonly link: string;
    readonly footer: string;
  };
  /** Below the first line of the check: when it is; and to the business side, which sees no list, what was found. */
  readonly promotion_lead: { readonly ready: string; readonly not_ready: string };
  readonly promotion_report: {
    readonly title: string;
    /** The first line of a report on a promotion that is not over. */
    readonly title_so_far: string;
    readonly lead: string;
    readonly no_usual: string;
    readonly lost_in_total: string;
    readonly numbers: string;
    readonly fact: Readonly<
      Record<'orders' | 'money' | 'attempts' | 'success' | 'factor' | 'peak' | 'slowest' | 'worst', string>
    >;
    readonly compared: string;
    readonly compared_success: string;
    readonly compared_factor: string;
    /** In the place of `{reached}` when what is usual is not known. */
    readonly factor_unknown: string;
    readonly moment: string;
    readonly slowest_moment: string;
    readonly incidents: string;
    readonly no_incidents: string;
    readonly incident: string;
    /** What "usual" is in this report. */
    readonly usual_is: Readonly<Record<'week_before' | 'time_before', string>>;
    readonly link: string;
  };
}
