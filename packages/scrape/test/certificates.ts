import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A certificate and its key, as files and as text. */
export interface Certificate {
  readonly certFile: string;
  readonly keyFile: string;
  readonly cert: string;
  readonly key: string;
}

/** A certificate authority of its own in a temporary folder, made by openssl. */
export class CertificateAuthority {
  readonly dir = mkdtempSync(join(tmpdir(), 'tillwatch-tls-'));
  readonly own: Certificate;

  constructor() {
    const [certFile, keyFile] = this.#files('ca');
    const subject = ['-subj', '/CN=Test CA', '-addext', 'basicConstraints=critical,CA:TRUE'];
    openssl('req', '-x509', ...NEW_KEY, '-days', '2', ...subject, '-keyout', keyFile, '-out', certFile);
    this.own = read(certFile, keyFile);
  }

  /** Issues a certificate for names such as `IP:127.0.0.1` and `DNS:shop.test`. */
  issue(name: string, subjectAltName: string): Certificate {
    const [certFile, keyFile] = this.#files(name);
    const requestFile = join(this.dir, `${name}.csr`);
    const extensions = join(this.dir, `${name}.ext`);
    writeFileSync(extensions, `subjectAltName=${subjectAltName}\n`);
    openssl('req', '-new', ...NEW_KEY, '-subj', `/CN=${name}`, '-keyout', keyFile, '-out', requestFile);
    const by = ['-CA', this.own.certFile, '-CAkey', this.own.keyFile, '-CAcreateserial'];
    openssl('x509', '-req', '-in', requestFile, ...by, '-days', '2', '-extfile', extensions, '-out', certFile);
    return read(certFile, keyFile);
  }

  remove(): void {
    rmSync(this.dir, { recursive: true, force: true });
  }

  #files(name: string): [certFile: string, keyFile: string] {
    return [join(this.dir, `${name}.pem`), join(this.dir, `${name}.key`)];
  }
}

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

function openssl(...args: string[]): void {
  execFileSync('openssl', args, { stdio: 'ignore' });
}

function read(certFile: string, keyFile: string): Certificate {
  return { certFile, keyFile, cert: readFileSync(certFile, 'utf8'), key: readFileSync(keyFile, 'utf8') };
}
