'use strict';
// Speaks text of an editor through `say`, one text at a time, and marks each word while it is spoken.

const vscode = require('vscode');
const { Mark } = require('./mark');
const programs = require('./programs');

class Speech {
  /** What is spoken and how it shows: a decoration for the word, an item in the status bar. */
  constructor() {
    this.current = null; // the text under way: {child, mark, isPaused}
    this.decoration = vscode.window.createTextEditorDecorationType({
      backgroundColor: new vscode.ThemeColor('editor.findMatchHighlightBackground'),
    });
    this.status = vscode.window.createStatusBarItem(vscode.StatusBarAlignment.Right);
    this.status.name = 'Chatterbox';
  }

  /** Speak the text of a range; whatever was spoken stops. */
  speak(document, range) {
    const settings = vscode.workspace.getConfiguration('chatterbox');
    const mark = new Mark(document, range, this.decoration);
    if (!mark.text.trim()) {
      mark.close();
      vscode.window.showWarningMessage('There is nothing to say here.');
      return;
    }
    this.stop();
    const reading = { mark, isPaused: false };
    this.current = reading;
    reading.child = programs.run(
      programs.findSay(settings.get('program')),
      wordsOf(settings),
      mark.text.replace(/^\uFEFF/, ' '), // `say` would drop it, and count one less
      (event) => this.take(reading, event, settings),
      (complaint) => this.ended(reading, complaint),
    );
    this.showStatus();
  }

  /** Stop what this editor speaks, and nothing of other programs. */
  stop() {
    if (this.current) {
      const { child } = this.current;
      this.forget();
      child.kill('SIGINT');
    }
  }

  /** Hold the speech, that of other programs too, or go on. */
  hold(isPaused) {
    this.control(isPaused ? 'pause' : 'resume');
    if (this.current) {
      this.current.isPaused = isPaused;
      this.showStatus();
    }
  }

  dispose() {
    this.stop();
    this.decoration.dispose();
    this.status.dispose();
  }

  control(verb) {
    const program = programs.findChatterbox(vscode.workspace.getConfiguration('chatterbox').get('program'));
    programs.run(program, [verb], '', () => {}, complain);
  }

  take(reading, event, settings) {
    if (reading === this.current && event.event === 'word') {
      reading.mark.show(event.start, event.length, { follow: settings.get('follow') });
    }
  }

  ended(reading, complaint) {
    if (reading.isPaused) {
      this.control('resume'); // or the next text would be silent
    }
    if (reading === this.current) {
      this.forget();
      complain(complaint);
    }
  }

  forget() {
    this.current.mark.close();
    this.current = null;
    this.showStatus();
  }

  showStatus() {
    if (!this.current) {
      this.status.hide();
      return;
    }
    const { isPaused } = this.current;
    this.status.text = isPaused ? '$(debug-pause) Speech held' : '$(unmute) Speaking';
    this.status.command = isPaused ? 'chatterbox.resume' : 'chatterbox.stop';
    this.status.tooltip = isPaused ? 'Go on speaking' : 'Stop speaking';
    this.status.show();
  }
}

/** The options of `say` that the settings ask for; the text follows on its standard input. */
function wordsOf(settings) {
  const words = ['--events', '--literal', '-f', '-'];
  if (settings.get('voice')) {
    words.push('-v', settings.get('voice'));
  }
  if (settings.get('rate')) {
    words.push('-r', String(settings.get('rate')));
  }
  return [...words, ...settings.get('arguments')];
}

function complain(complaint) {
  if (complaint) {
    vscode.window.showWarningMessage(complaint);
  }
}

function wholeOf(document) {
  return new vscode.Range(document.positionAt(0), document.positionAt(document.getText().length));
}

/** What is selected, else the line of the cursor. */
function selectionOf(editor) {
  return editor.selection.isEmpty ? editor.document.lineAt(editor.selection.active.line).range : editor.selection;
}

function activate(context) {
  const speech = new Speech();
  const register = (name, action) => {
    context.subscriptions.push(vscode.commands.registerCommand(`chatterbox.${name}`, action));
  };
  const speakOf = (rangeOf) => () => {
    const editor = vscode.window.activeTextEditor;
    if (editor) {
      speech.speak(editor.document, rangeOf(editor));
    }
  };
  context.subscriptions.push(speech);
  register('speakSelection', speakOf(selectionOf));
  register('speakDocument', speakOf((editor) => wholeOf(editor.document)));
  register('speakFromCursor', speakOf((editor) => (
    new vscode.Range(editor.selection.active, wholeOf(editor.document).end)
  )));
  register('stop', () => speech.stop());
  register('pause', () => speech.hold(true));
  register('resume', () => speech.hold(false));
}

module.exports = { activate };
