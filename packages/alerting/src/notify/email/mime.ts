import MimeNode from 'nodemailer/lib/mime-node';

/** A mail before it is put on the wire. */
export interface Mail {
  /** Headers in order; texts are encoded here. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** The parts, plainest first; empty ones are left out. */
  readonly text: string;
  readonly html: string;
  readonly messageId: string;
  readonly dateMs: number;
}

/**
 * Writes a mail as multipart/alternative with quoted-printable parts, as Alertmanager does even for a single part: every
 * mail server takes it, and lines can be as long as they like.
 */
export async function buildMime(mail: Mail): Promise<Buffer> {
  const root = new MimeNode('multipart/alternative', { disableFileAccess: true, disableUrlAccess: true });
  for (const [name, value] of mail.headers) root.setHeader(name, value);
  root.setHeader('Date', new Date(mail.dateMs));
  root.setHeader('Message-Id', mail.messageId);
  const part = (type: string, content: string) => {
    if (content === '') return;
    const node = root.createChild(`${type}; charset=UTF-8`, { textEncoding: 'Q' });
    node.setHeader('Content-Transfer-Encoding', 'quoted-printable');
    node.setContent(content);
  };
  part('text/plain', mail.text);
  part('text/html', mail.html);
  return root.build();
}
