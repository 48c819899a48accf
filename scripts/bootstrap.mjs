// Makes a fresh clone ready: installs what the lockfile names and builds what is missing or stale.
// Uses nothing but Node itself, and does nothing when all is there.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const cache = join(root, 'node_modules', '.cache', 'tillwatch');

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  fail(`Tillwatch needs Node 20.19 or newer; this is ${process.versions.node}.`);
}

const lock = hash([readFileSync(join(root, 'package-lock.json')), process.versions.modules]);
if (read('installed') !== lock) {
  // Without dev dependencies nothing here could be built or tested, whatever NODE_ENV says.
  await step('installing packages', 'npm', ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error']);
  write('installed', lock);
}

const sources = fingerprint();
if (read('built') !== sources || !isBuilt()) {
  await step('building', 'npm', ['run', '--silent', 'build']);
  write('built', sources);
}

/** Names, sizes and times of everything that a build reads: cheap to take, and different when anything changed. */
function fingerprint() {
  const entries = [lock];
  const visit = (dir) => {
    for (const entry of readdirSync(dir, { withFileTypes: true })) {
      const path = join(dir, entry.name);
      if (entry.isDirectory()) {
        if (!['node_modules', 'dist', 'test', 'coverage'].includes(entry.name)) visit(path);
      } else {
        const { size, mtimeMs } = statSync(path);
        entries.push(`${relative(root, path)} ${size} ${mtimeMs}`);
      }
    }
  };
  for (const dir of ['packages', 'examples']) visit(join(root, dir));
  entries.push(String(statSync(join(root, 'tsconfig.base.json')).mtimeMs));
  return hash(entries);
}

function isBuilt() {
  return (
    existsSync(join(root, 'packages/tillwatch/dist/main.js')) && existsSync(join(root, 'packages/web/dist/index.html'))
  );
}

function hash(parts) {
  const sum = createHash('sha256');
  for (const part of parts) sum.update(part).update('\n');
  return sum.digest('hex');
}

function read(name) {
  try {
    return readFileSync(join(cache, name), 'utf8');
  } catch {
    return undefined;
  }
}

function write(name, content) {
  mkdirSync(cache, { recursive: true });
  writeFileSync(join(cache, name), content);
}

/** Runs one command with a line that shows it is alive; its output is shown only when it fails. */
async function step(title, command, args) {
  const startedMs = Date.now();
  const live = process.stderr.isTTY === true;
  const seconds = () => `${Math.round((Date.now() - startedMs) / 1000)} s`;
  const show = () => process.stderr.write(`\r\u001b[2Ktillwatch: ${title} … ${seconds()}`);
  if (!live) process.stderr.write(`tillwatch: ${title} …\n`);
  const timer = live ? setInterval(show, 200) : undefined;

  const output = [];
  const child = spawn(command, args, {
    cwd: root,
    shell: process.platform === 'win32',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child.stdout.on('data', (chunk) => output.push(chunk));
  child.stderr.on('data', (chunk) => output.push(chunk));
  const code = await new Promise((resolve) => {
    child.on('error', (error) => {
      output.push(Buffer.from(String(error)));
      resolve(1);
    });
    child.on('close', resolve);
  });

  if (timer !== undefined) clearInterval(timer);
  if (live) process.stderr.write('\r\u001b[2K');
  if (code !== 0) {
    rmSync(join(cache, 'built'), { force: true });
    process.stderr.write(Buffer.concat(output));
    fail(`${title} failed (${command} ${args.join(' ')}, exit code ${code}); what it printed is above.`);
  }
  process.stderr.write(`tillwatch: ${title}: done in ${seconds()}\n`);
}

function fail(message) {
  process.stderr.write(`tillwatch: ${message}\n`);
  process.exit(1);
}
