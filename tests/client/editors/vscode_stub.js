'use strict';
// As much of VS Code's API as the extension uses, over one document in one editor; what it shows is kept.

const Module = require('node:module');
const path = require('node:path');

const EXTENSION = path.resolve(__dirname, '../../../client/vscode');
const { contributes } = require(path.join(EXTENSION, 'package.json'));

class Range {
  constructor(start, end) {
    [this.start, this.end] = [start, end];
  }
}

/** A document whose positions are offsets, in UTF-16 units as VS Code counts them. */
class Document {
  constructor(text) {
    this.text = text;
  }

  getText(range) {
    return range ? this.text.slice(range.start.offset, range.end.offset) : this.text;
  }

  offsetAt(position) {
    return position.offset;
  }

  positionAt(offset) {
    const within = Math.min(Math.max(offset, 0), this.text.length);
    return { offset: within, line: this.text.slice(0, within).split('\n').length - 1 };
  }

  lineAt(line) {
    const lines = this.text.split('\n');
    const start = lines.slice(0, line).join('\n').length + (line ? 1 : 0);
    return { range: new Range(this.positionAt(start), this.positionAt(start + lines[line].length)) };
  }
}

/** The stub and what happened to it: `marked` texts, `warnings`, `revealed` offsets, the status bar's text. */
function open(text, settings = {}) {
  const document = new Document(text);
  const listeners = new Set();
  const seen = { marked: [], now: [], warnings: [], revealed: [], status: '' };
  const commands = new Map();
  const editor = {
    document,
    setDecorations(_, ranges) {
      seen.now = ranges.map((range) => document.getText(range));
      seen.marked.push(...seen.now);
    },
    revealRange: (range) => seen.revealed.push(range.start.offset),
    select(start, end) {
      const [from, to] = [document.positionAt(start), document.positionAt(end)];
      this.selection = Object.assign(new Range(from, to), { isEmpty: start === end, active: to });
    },
    edit(offset, length, replacement) {
      document.text = document.text.slice(0, offset) + replacement + document.text.slice(offset + length);
      const contentChanges = [{ rangeOffset: offset, rangeLength: length, text: replacement }];
      listeners.forEach((listener) => listener({ document, contentChanges }));
    },
  };
  editor.select(0, 0);
  const item = { show: () => { seen.status = item.text; }, hide: () => { seen.status = ''; }, dispose() {} };
  const defaults = (name) => contributes.configuration.properties[`chatterbox.${name}`].default;
  const vscode = {
    Range,
    StatusBarAlignment: { Right: 2 },
    TextEditorRevealType: { InCenterIfOutsideViewport: 2 },
    ThemeColor: class {},
    commands: {
      registerCommand(name, action) {
        commands.set(name, action);
        return { dispose: () => commands.delete(name) };
      },
    },
    window: {
      activeTextEditor: editor,
      visibleTextEditors: [editor],
      createStatusBarItem: () => item,
      createTextEditorDecorationType: () => ({ dispose() {} }),
      showWarningMessage: (message) => seen.warnings.push(message),
    },
    workspace: {
      getConfiguration: () => ({ get: (name) => (name in settings ? settings[name] : defaults(name)) }),
      onDidChangeTextDocument(listener) {
        listeners.add(listener);
        return { dispose: () => listeners.delete(listener) };
      },
    },
  };
  const context = { subscriptions: [] };
  load(vscode).activate(context);
  return {
    editor,
    seen,
    listeners,
    commands,
    run: (name) => commands.get(`chatterbox.${name}`)(),
    close: () => context.subscriptions.forEach((one) => one.dispose()),
  };
}

/** The extension, loaded anew, with `vscode` as its editor. */
function load(vscode) {
  const original = Module._load;
  Module._load = (request, ...rest) => (request === 'vscode' ? vscode : original(request, ...rest));
  Object.keys(require.cache).filter((file) => file.startsWith(EXTENSION)).forEach((file) => {
    delete require.cache[file];
  });
  try {
    return require(EXTENSION);
  } finally {
    Module._load = original;
  }
}

module.exports = { open, contributes };
