'use strict';
// The VS Code extension against a real daemon: run by test_vscode.py, with `say` on the PATH.

const assert = require('node:assert');
const { spawnSync } = require('node:child_process');
const { test } = require('node:test');
const { setTimeout: sleep } = require('node:timers/promises');
const { contributes, open } = require('./vscode_stub');

const LONG = 'This is said again and again. '.repeat(30);

async function waitUntil(condition) {
  for (let waited = 0; !condition(); waited += 20) {
    assert.ok(waited < 30000, 'not within 30 s');
    await sleep(20);
  }
}

function ask(...words) {
  return JSON.parse(spawnSync('chatterbox', words, { encoding: 'utf8' }).stdout);
}

const texts = () => ask('queue', '--json').map((row) => row.text);
const numCancelled = () => ask('status', '--json').requests.cancelled;
const isPaused = () => ask('status', '--json').player.paused;

/** The words that are marked after a command, until the speech is over. */
async function wordsOf(window, command) {
  window.seen.marked.length = 0;
  window.run(command);
  await waitUntil(() => window.seen.status === '');
  assert.deepStrictEqual(window.seen.now, []);
  assert.strictEqual(window.listeners.size, 0);
  return [...window.seen.marked];
}

async function begin(window) {
  window.run('speakDocument');
  await waitUntil(() => window.seen.now.length > 0);
}

test('marks each word of a document in order', async () => {
  const window = open('Crème 😀 brûlée e\u0301tude,\r\n\r\n  𝒳 marks');
  const words = await wordsOf(window, 'speakDocument');
  assert.deepStrictEqual(
    words.filter((word) => word !== '😀' && word !== ' '),
    ['Crème', 'brûlée', 'e\u0301tude', '𝒳', 'marks'],
  );
  assert.deepStrictEqual(window.seen.warnings, []);
});

test('speaks quotes and brackets as they stand', async () => {
  const words = await wordsOf(open('$(touch x) `touch x` ; "one" [[two]] -o three\n\n%s \'four\''), 'speakDocument');
  for (const word of ['$(touch', '`touch', 'one', 'two', 'three', 'four']) {
    assert.ok(words.includes(word), `${word} is not among ${words}`);
  }
});

test('speaks the selection, or the line, or from the cursor on', async () => {
  const window = open('one two three\nfour five');
  window.editor.select(4, 13);
  assert.deepStrictEqual(await wordsOf(window, 'speakSelection'), ['two', 'three']);
  window.editor.select(16, 16);
  assert.deepStrictEqual(await wordsOf(window, 'speakSelection'), ['four', 'five']);
  window.editor.select(8, 8);
  assert.deepStrictEqual(await wordsOf(window, 'speakFromCursor'), ['three', 'four', 'five']);
  assert.deepStrictEqual(window.seen.revealed.slice(-3), [8, 14, 19]);
});

test('marks the right words while the text is edited', async () => {
  const window = open('zero one two three four', { follow: false });
  window.editor.select(5, 23);
  const marked = wordsOf(window, 'speakSelection');
  window.editor.edit(0, 0, 'A new beginning. ');
  window.editor.edit(17 + 9, 3, '2');
  window.editor.edit(17, 5, '');
  assert.deepStrictEqual(await marked, ['one', 'three', 'four']);
  assert.deepStrictEqual(window.seen.revealed, []);
});

test('stop cancels in the daemon what the editor speaks and nothing else', async () => {
  const before = numCancelled();
  const window = open(LONG);
  await begin(window);
  assert.strictEqual(window.seen.status, '$(unmute) Speaking');
  spawnSync('say', ['--no-wait', 'another program']);
  window.run('stop');
  assert.strictEqual(window.seen.status, '');
  assert.deepStrictEqual(window.seen.now, []);
  await waitUntil(() => numCancelled() > before);
  assert.deepStrictEqual(texts(), ['another program']);
  await waitUntil(() => texts().length === 0);
  assert.strictEqual(numCancelled(), before + 1);
  assert.deepStrictEqual(window.seen.warnings, []);
});

test('speaking again stops the first, and closing the window stops all', async () => {
  const window = open(`${LONG}\nsecond`);
  await begin(window);
  window.editor.select(LONG.length + 1, LONG.length + 1);
  assert.deepStrictEqual(await wordsOf(window, 'speakSelection'), ['second']);
  assert.deepStrictEqual(texts(), []);
  await begin(window);
  window.close();
  await waitUntil(() => texts().length === 0);
  assert.strictEqual(window.commands.size, 0);
});

test('pause holds, and resume or the next text goes on', async () => {
  const window = open(`${LONG}\nnext`);
  await begin(window);
  window.run('pause');
  assert.strictEqual(window.seen.status, '$(debug-pause) Speech held');
  await waitUntil(isPaused);
  window.run('resume');
  await waitUntil(() => !isPaused());
  assert.strictEqual(window.seen.status, '$(unmute) Speaking');
  window.run('pause');
  await waitUntil(isPaused);
  window.editor.select(LONG.length + 1, LONG.length + 1);
  assert.deepStrictEqual(await wordsOf(window, 'speakSelection'), ['next']);
});

test('says why nothing was heard, and what was ignored', async () => {
  const settings = { arguments: ['--quality', '1'], rate: 300 };
  const window = open('hello', settings);
  assert.deepStrictEqual(await wordsOf(window, 'speakDocument'), ['hello']);
  assert.strictEqual(window.seen.warnings.shift(), 'say: --quality is ignored');
  settings.voice = 'nobody';
  await wordsOf(window, 'speakDocument');
  settings.program = '/no/such/say';
  await wordsOf(window, 'speakDocument');
  assert.match(window.seen.warnings[0], /^say: there is no voice 'nobody'/);
  assert.match(window.seen.warnings[1], /^There is no program \/no\/such\/say: run pip install 'chatterboxd\[daemon\]'/);
  const empty = open(' \n');
  empty.run('speakDocument');
  assert.deepStrictEqual(empty.seen.warnings, ['There is nothing to say here.']);
});

test('offers the commands that its manifest names, and no others', () => {
  const named = contributes.commands.map(({ command }) => command);
  assert.deepStrictEqual([...open('').commands.keys()].sort(), named.sort());
});
