import type { ComponentChildren } from 'preact';
import { type MrkdwnNode, parseMrkdwn } from './mrkdwn.ts';

type Json = Readonly<Record<string, unknown>>;

/** A posted Slack message, shown about as Slack shows it: blocks and attachments. Everything ends as text nodes, never as HTML. */
export function SlackMessage({ body }: { body: Json }) {
  const blocks = objects(body.blocks);
  const attachments = objects(body.attachments);
  const hasParts = blocks.length + attachments.length > 0;
  return (
    <div class="slack">
      {!hasParts && typeof body.text === 'string' && <Text text={body.text} />}
      <Blocks blocks={blocks} />
      {attachments.map((attachment, i) => (
        <Attachment key={i} attachment={attachment} />
      ))}
    </div>
  );
}

const COLOURS: Readonly<Record<string, string>> = { good: '#2eb67d', warning: '#ecb22e', danger: '#e01e5a' };

function Attachment({ attachment }: { attachment: Json }) {
  const color = text(attachment.color);
  const shown = COLOURS[color] ?? (/^#?[0-9a-f]{6}$/i.test(color) ? `#${color.replace('#', '')}` : undefined);
  const link = httpUrl(text(attachment.title_link));
  const title = text(attachment.title);
  return (
    <div class="attachment" style={shown === undefined ? undefined : { borderColor: shown }}>
      {text(attachment.pretext) !== '' && <Text text={text(attachment.pretext)} />}
      {title !== '' && (
        <h4 class="block">
          {link === undefined ? (
            <Plain text={title} />
          ) : (
            <a href={link} rel="noreferrer">
              <Plain text={title} />
            </a>
          )}
        </h4>
      )}
      {objects(attachment.blocks).length === 0 && text(attachment.text) !== '' && <Text text={text(attachment.text)} />}
      <Fields fields={objects(attachment.fields).map((field) => `*${text(field.title)}*\n${text(field.value)}`)} />
      <Blocks blocks={objects(attachment.blocks)} />
      {text(attachment.footer) !== '' && <div class="block context">{text(attachment.footer)}</div>}
    </div>
  );
}

function Blocks({ blocks }: { blocks: readonly Json[] }) {
  return (
    <>
      {blocks.map((block, i) => (
        <Block key={i} block={block} />
      ))}
    </>
  );
}

function Block({ block }: { block: Json }): ComponentChildren {
  switch (block.type) {
    case 'header':
      return (
        <h4 class="block">
          <Plain text={textOf(block.text)} />
        </h4>
      );
    case 'divider':
      return <hr class="block" />;
    case 'context':
      return (
        <div class="block context">
          {objects(block.elements).map((element, i) => (
            <Inline key={i} nodes={parseMrkdwn(textOf(element))} />
          ))}
        </div>
      );
    case 'actions':
      return (
        <div class="block row">
          {objects(block.elements).map((element) => {
            const url = httpUrl(text(element.url));
            return url === undefined ? null : (
              <a key={url} href={url} rel="noreferrer">
                {textOf(element.text)}
              </a>
            );
          })}
        </div>
      );
    default:
      return (
        <>
          {textOf(block.text) !== '' && <Text text={textOf(block.text)} />}
          <Fields fields={objects(block.fields).map(textOf)} />
        </>
      );
  }
}

function Fields({ fields }: { fields: readonly string[] }) {
  if (fields.length === 0) return null;
  return (
    <div class="block fields">
      {fields.map((field) => (
        <div class="text" key={field}>
          <Inline nodes={parseMrkdwn(field)} />
        </div>
      ))}
    </div>
  );
}

function Text({ text }: { text: string }) {
  return (
    <div class="block text">
      <Inline nodes={parseMrkdwn(text)} />
    </div>
  );
}

/** Headers and titles have no formatting, only entities. */
function Plain({ text }: { text: string }) {
  return <>{text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&')}</>;
}

function Inline({ nodes }: { nodes: readonly MrkdwnNode[] }) {
  return (
    <>
      {nodes.map((node, i) => (
        <Piece key={i} node={node} />
      ))}
    </>
  );
}

function Piece({ node }: { node: MrkdwnNode }) {
  switch (node.kind) {
    case 'text':
      return <>{node.text}</>;
    case 'bold':
      return (
        <strong>
          <Inline nodes={node.children} />
        </strong>
      );
    case 'italic':
      return (
        <em>
          <Inline nodes={node.children} />
        </em>
      );
    case 'strike':
      return (
        <s>
          <Inline nodes={node.children} />
        </s>
      );
    case 'code':
      return <code>{node.text}</code>;
    case 'pre':
      return <pre>{node.text}</pre>;
    case 'mention':
      return <strong>{node.text}</strong>;
    case 'link':
      return (
        <a href={node.url} rel="noreferrer">
          {node.text}
        </a>
      );
  }
}

function objects(value: unknown): readonly Json[] {
  return Array.isArray(value) ? value.filter((one): one is Json => typeof one === 'object' && one !== null) : [];
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** A text object's text, or a plain string. */
function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  return typeof value === 'object' && value !== null ? text((value as Json).text) : '';
}

function httpUrl(url: string): string | undefined {
  return /^https?:\/\//i.test(url) ? url : undefined;
}
