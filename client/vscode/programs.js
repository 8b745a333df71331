'use strict';
// Finds and runs the programs of Chatterbox: words and a text go in, events and a complaint come out.

const { spawn } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const readline = require('node:readline');

const RECORD = path.join(__dirname, 'installed.json');
const ADVICE = "run pip install 'chatterboxd[daemon]', or set chatterbox.program";

/** The path of `say`: the setting, else the one that installed this extension, else whatever the PATH has. */
function findSay(setting) {
  if (setting) {
    return setting.replace(/^~(?=\/)/, os.homedir());
  }
  if (fs.existsSync(RECORD)) {
    const { say } = JSON.parse(fs.readFileSync(RECORD, 'utf8'));
    if (fs.existsSync(say)) {
      return say;
    }
  }
  return 'say';
}

/** The path of `chatterbox`, which lies beside `say`. */
function findChatterbox(setting) {
  const say = findSay(setting);
  return say.includes('/') ? path.join(path.dirname(say), 'chatterbox') : 'chatterbox';
}

/**
 * Start `program` without a shell and give it `text` on its standard input. `onEvent` takes each object it prints;
 * `onEnd` is called once, with what it complained of, or null. Returns the process.
 */
function run(program, words, text, onEvent, onEnd) {
  const child = spawn(program, words, { cwd: os.homedir(), stdio: 'pipe' });
  let complaint = null;
  let isOver = false;
  const end = (reason) => {
    if (!isOver) {
      isOver = true;
      onEnd(reason);
    }
  };
  child.on('error', (error) => {
    end(error.code === 'ENOENT' ? `There is no program ${program}: ${ADVICE}` : `${program}: ${error.message}`);
  });
  child.on('close', (code, signal) => {
    end(complaint || (code === 0 ? null : `${program} ended with ${code ?? signal}`));
  });
  const take = (line) => {
    if (line.startsWith('{')) {
      onEvent(JSON.parse(line));
    } else {
      complaint = line;
    }
  };
  readline.createInterface({ input: child.stdout }).on('line', take);
  readline.createInterface({ input: child.stderr }).on('line', take);
  child.stdin.on('error', () => {}); // it has already ended, and 'close' tells why
  child.stdin.end(text);
  return child;
}

module.exports = { findChatterbox, findSay, run };
