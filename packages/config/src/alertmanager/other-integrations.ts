/** Something that an integration needs from its entry or from `global`, inline or as a file. */
interface Need {
  readonly own: readonly string[];
  readonly global: readonly string[];
  readonly message: string;
}

/** An integration that Alertmanager has and the embedded engine does not send to. */
export interface OtherIntegration {
  readonly field: string;
  /** For "missing … config" when an entry is nothing; `undefined`: such an entry takes everything from `global`. */
  readonly word: string | undefined;
  readonly needs: readonly Need[];
}

const credentials = (own: string, global: string, message: string): Need => ({
  own: [own, `${own}_file`],
  global: [global, `${global}_file`],
  message,
});

/** What is checked of these is what makes Alertmanager refuse a file; their entries are not looked into otherwise. */
export const OTHER_INTEGRATIONS: readonly OtherIntegration[] = [
  { field: 'discord_configs', word: 'discord', needs: [] },
  { field: 'incidentio_configs', word: 'incidentio', needs: [] },
  { field: 'jira_configs', word: 'jira', needs: [] },
  {
    field: 'mattermost_configs',
    word: 'mattermost',
    needs: [
      credentials(
        'webhook_url',
        'mattermost_webhook_url',
        'missing webhook_url or webhook_url_file on mattermost_config',
      ),
    ],
  },
  { field: 'msteams_configs', word: 'msteams', needs: [] },
  { field: 'msteamsv2_configs', word: 'msteamsv2', needs: [] },
  {
    field: 'opsgenie_configs',
    word: undefined,
    needs: [credentials('api_key', 'opsgenie_api_key', 'no global OpsGenie API Key set either inline or in a file')],
  },
  { field: 'pagerduty_configs', word: 'pagerduty', needs: [] },
  { field: 'pushover_configs', word: 'pushover', needs: [] },
  {
    field: 'rocketchat_configs',
    word: undefined,
    needs: [
      credentials('token', 'rocketchat_token', 'no global Rocketchat Token set either inline or in a file'),
      credentials('token_id', 'rocketchat_token_id', 'no global Rocketchat TokenID set either inline or in a file'),
    ],
  },
  {
    field: 'sns_configs',
    word: 'sns',
    needs: [
      {
        own: ['target_arn', 'topic_arn', 'phone_number'],
        global: [],
        message: 'must provide either a Target ARN, Topic ARN, or Phone Number for SNS config',
      },
    ],
  },
  {
    field: 'telegram_configs',
    word: 'telegram',
    needs: [credentials('bot_token', 'telegram_bot_token', 'missing bot_token or bot_token_file on telegram_config')],
  },
  {
    field: 'victorops_configs',
    word: 'victorops',
    needs: [credentials('api_key', 'victorops_api_key', 'no global VictorOps API Key set')],
  },
  { field: 'webex_configs', word: 'webex', needs: [] },
  {
    field: 'wechat_configs',
    word: undefined,
    needs: [
      credentials('api_secret', 'wechat_api_secret', 'no global Wechat Api Secret set either inline or in a file'),
      { own: ['corp_id'], global: ['wechat_api_corp_id'], message: 'no global Wechat CorpID set' },
    ],
  },
];
